//! The order of nodes within their layers.

/// A graph in layers whose edges join neighbouring layers: long edges pass through points.
pub(super) struct Net {
    /// Nodes of each layer, in order; those from `nodes` on are points of long edges.
    pub(super) layers: Vec<Vec<usize>>,
    /// Layer of each node and point.
    pub(super) rank: Vec<usize>,
    /// The nodes and points of each edge, from its start to its end.
    pub(super) paths: Vec<Vec<usize>>,
    /// Neighbours of each node and point in the layer before.
    pub(super) before: Vec<Vec<usize>>,
    /// Neighbours in the layer after.
    pub(super) after: Vec<Vec<usize>>,
    /// Place of each node and point within its layer.
    at: Vec<usize>,
}

/// Sweeps through the layers.
const SWEEPS: usize = 28;

impl Net {
    pub(super) fn new(ranks: &[usize], edges: &[(usize, usize)]) -> Net {
        let mut rank = ranks.to_vec();
        let mut paths = Vec::new();
        for &(from, to) in edges {
            let mut path = vec![from];
            let (a, b) = (ranks[from], ranks[to]);
            for step in 1..a.abs_diff(b) {
                path.push(rank.len());
                rank.push(if a < b { a + step } else { a - step });
            }
            path.push(to);
            paths.push(path);
        }
        let count = rank.iter().max().map_or(0, |r| r + 1);
        let mut layers = vec![Vec::new(); count];
        let mut at = vec![0; rank.len()];
        for (node, r) in rank.iter().enumerate() {
            at[node] = layers[*r].len();
            layers[*r].push(node);
        }
        let mut before = vec![Vec::new(); rank.len()];
        let mut after = vec![Vec::new(); rank.len()];
        for pair in paths.iter().flat_map(|p| p.windows(2)) {
            let (low, high) =
                if rank[pair[0]] < rank[pair[1]] { (pair[0], pair[1]) } else { (pair[1], pair[0]) };
            if rank[low] != rank[high] {
                after[low].push(high);
                before[high].push(low);
            }
        }
        Net { layers, rank, paths, before, after, at }
    }

    /// Orders the layers so that few edges cross.
    pub(super) fn order(&mut self) {
        let mut best = (self.crossings(), self.layers.clone());
        for sweep in 0..SWEEPS {
            let down = sweep % 2 == 0;
            let count = self.layers.len();
            let turns: Vec<usize> = if down {
                (1..count).collect()
            } else {
                (0..count.saturating_sub(1)).rev().collect()
            };
            for layer in turns {
                self.sort(layer, down);
            }
            self.exchange();
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.layers.clone());
            }
            if best.0 == 0 {
                break;
            }
        }
        self.layers = best.1;
        self.number();
    }

    /// Sorts a layer by the mean place of neighbours; those without any keep their place.
    fn sort(&mut self, layer: usize, down: bool) {
        let neighbours = if down { &self.before } else { &self.after };
        let scale = |node: usize| {
            let size = self.layers[self.rank[node]].len().max(1);
            (self.at[node] as f64 + 0.5) / size as f64
        };
        let mean = |node: usize| {
            let near = &neighbours[node];
            match near.len() {
                0 => scale(node),
                n => near.iter().map(|m| scale(*m)).sum::<f64>() / n as f64,
            }
        };
        let mut keyed: Vec<(f64, usize)> =
            self.layers[layer].iter().map(|n| (mean(*n), *n)).collect();
        keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
        self.layers[layer] = keyed.into_iter().map(|(_, n)| n).collect();
        self.number();
    }

    /// Exchanges neighbours within layers as long as that takes crossings away.
    fn exchange(&mut self) {
        for _ in 0..6 {
            let mut better = false;
            for layer in 0..self.layers.len() {
                for i in 1..self.layers[layer].len() {
                    let (a, b) = (self.layers[layer][i - 1], self.layers[layer][i]);
                    let (now, then) = (self.cross(a, b), self.cross(b, a));
                    if then < now {
                        self.layers[layer].swap(i - 1, i);
                        (self.at[a], self.at[b]) = (i, i - 1);
                        better = true;
                    }
                }
            }
            if !better {
                break;
            }
        }
    }

    /// Crossings between the edges of two nodes of a layer when the first stands before the other.
    fn cross(&self, first: usize, second: usize) -> usize {
        let sides = [&self.before, &self.after];
        let count = |near: &Vec<Vec<usize>>| -> usize {
            near[first]
                .iter()
                .map(|f| near[second].iter().filter(|s| self.at[**s] < self.at[*f]).count())
                .sum()
        };
        sides.into_iter().map(count).sum()
    }

    fn crossings(&self) -> usize {
        let mut count = 0;
        for layer in &self.layers {
            for (i, a) in layer.iter().enumerate() {
                for b in &layer[i + 1..] {
                    let near = &self.after;
                    count += near[*a]
                        .iter()
                        .map(|f| near[*b].iter().filter(|s| self.at[**s] < self.at[*f]).count())
                        .sum::<usize>();
                }
            }
        }
        count
    }

    fn number(&mut self) {
        for layer in &self.layers {
            for (i, node) in layer.iter().enumerate() {
                self.at[*node] = i;
            }
        }
    }
}
