//! The linear system of a stage: `(I/(γh) − J) x = r`, with rows of their own for values that many
//! states act through.

use std::collections::BTreeMap;

use crate::{
    dag::{Dag, Leaf, NodeId},
    derive::{Derivatives, hubs},
    lower::Terms,
    order::pivot_order,
};

/// Column and value of the entries of a row that are not always zero.
pub(crate) type Row = BTreeMap<usize, NodeId>;

/// The matrix in pivot order. A row that is no state's says `q − Σ ∂q/∂x x = 0` of a value q.
pub(crate) struct System {
    /// Rows of `I/(γh) − J`.
    pub(crate) rows: Vec<Row>,
    /// For each row the leaf of its state; none for values.
    pub(crate) states: Vec<Option<usize>>,
    /// Entries that are derivatives.
    pub(crate) derivatives: usize,
}

impl System {
    /// The system for these rates of change, through intermediate values if that is wanted. The
    /// clock, which nothing acts on, is eliminated first.
    pub(crate) fn new(dag: &mut Dag, rates: &[Terms], clock: bool, through_values: bool) -> System {
        let n = rates.len();
        let formulas: Vec<NodeId> = rates.iter().flatten().map(|term| term.1).collect();
        let values = if through_values { hubs(dag, &formulas) } else { Vec::new() };
        let mut derivatives = Derivatives::through(&values, n as u32);
        let mut jacobian: Vec<Row> =
            rates.iter().map(|terms| state_row(dag, &mut derivatives, terms)).collect();
        for &value in &values {
            let inner = derivatives.inner(dag, value);
            jacobian.push(inner.into_iter().map(|(j, slope)| (j as usize, slope)).collect());
        }
        let order = elimination_order(&jacobian, n, clock);
        let mut rank = vec![0; jacobian.len()];
        order.iter().enumerate().for_each(|(place, &row)| rank[row] = place);
        let ordered: Vec<Row> = (order.iter())
            .map(|&row| jacobian[row].iter().map(|(&j, &value)| (rank[j], value)).collect())
            .collect();
        let states: Vec<Option<usize>> = order.iter().map(|&i| (i < n).then_some(i)).collect();
        let shift = dag.leaf(Leaf::Shift);
        let one = dag.constant(1.0);
        let diagonal: Vec<NodeId> =
            states.iter().map(|state| if state.is_some() { shift } else { one }).collect();
        System {
            derivatives: ordered.iter().map(BTreeMap::len).sum(),
            rows: matrix(dag, &ordered, &diagonal),
            states,
        }
    }

    /// Leaves of the states in pivot order: their places in the state vector.
    pub(crate) fn order(&self) -> Vec<usize> {
        self.states.iter().copied().flatten().collect()
    }

    /// What stands on the right of each row, given that of the states in order; zero for values.
    pub(crate) fn right_side(&self, of_states: &[NodeId]) -> Vec<NodeId> {
        let mut of_states = of_states.iter().copied();
        let side = self.states.iter().map(|state| state.and_then(|_| of_states.next()));
        side.map(|node| node.unwrap_or(Dag::ZERO)).collect()
    }

    /// What belongs to states, of one node per row.
    pub(crate) fn of_states(&self, nodes: &[NodeId]) -> Vec<NodeId> {
        let rows = self.states.iter().zip(nodes);
        rows.filter(|(state, _)| state.is_some()).map(|(_, &node)| node).collect()
    }
}

/// Derivatives of a rate of change.
fn state_row(dag: &mut Dag, derivatives: &mut Derivatives, terms: &Terms) -> Row {
    let mut row = Row::new();
    for &(factor, rate) in terms {
        let factor = dag.constant(factor);
        for &(variable, slope) in &derivatives.gradient(dag, rate).clone() {
            let slope = dag.multiply(factor, slope);
            let entry = row.entry(variable as usize).or_insert(Dag::ZERO);
            *entry = dag.add(*entry, slope);
        }
    }
    row.retain(|_, value| !dag.is_zero(*value));
    row
}

/// Pivot order; the clock, the last of the `n` states, first.
fn elimination_order(jacobian: &[Row], n: usize, clock: bool) -> Vec<usize> {
    let clock = clock.then(|| n - 1);
    // Without the clock, what follows it moves down by one.
    let skip = |row: usize| row - usize::from(clock.is_some_and(|clock| row > clock));
    let rows: Vec<Vec<u32>> = (jacobian.iter().enumerate())
        .filter(|&(i, _)| Some(i) != clock)
        .map(|(_, row)| {
            let columns = row.keys().filter(|&&j| Some(j) != clock);
            columns.map(|&j| skip(j) as u32).collect()
        })
        .collect();
    let back = |row: usize| row + usize::from(clock.is_some_and(|clock| row >= clock));
    clock.into_iter().chain(pivot_order(&rows).into_iter().map(back)).collect()
}

/// Rows of `D − J`, where `jacobian[i]` holds row `i` of J as column and value.
pub(crate) fn matrix(dag: &mut Dag, jacobian: &[Row], diagonal: &[NodeId]) -> Vec<Row> {
    let mut rows = Vec::with_capacity(jacobian.len());
    for (i, (row, &own)) in jacobian.iter().zip(diagonal).enumerate() {
        let mut row: Row = row.iter().map(|(&j, &value)| (j, dag.negate(value))).collect();
        let diagonal = row.get(&i).map_or(own, |&value| dag.add(own, value));
        row.insert(i, diagonal);
        rows.push(row);
    }
    rows
}
