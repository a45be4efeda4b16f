//! Gives values registers. What is not used for longest makes room (Belady, IBM Systems Journal
//! 5:2, 1966); what is in memory anyway goes sooner than what would have to be written there.

use rustc_hash::FxHashMap as HashMap;

use super::{
    trace::{Fused, Relation, Trace, Two, Value, ValueId},
    uses::{NEVER, Uses},
};

/// A register.
pub(crate) type Register = u8;

/// Where an instruction finds its last operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    Register(Register),
    /// A slot of the group's memory.
    Slot(u32),
    /// A constant, by its place among [`Constants`].
    Constant(u32),
}

/// An instruction with its registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum Instruction {
    Load {
        to: Register,
        from: Operand,
    },
    Store {
        slot: u32,
        from: Register,
    },
    Two {
        two: Two,
        to: Register,
        a: Register,
        b: Operand,
    },
    Fused {
        fused: Fused,
        form: Form,
        to: Register,
        b: Register,
        c: Operand,
    },
    SquareRoot {
        to: Register,
        a: Operand,
    },
    ShiftLeft {
        to: Register,
        a: Register,
    },
    ShiftRight {
        to: Register,
        a: Register,
    },
    /// Sets the mask where the comparison holds.
    Compare {
        comparison: Comparison,
        a: Register,
        b: Operand,
    },
    /// `one` where the mask is set, else zero.
    Truth {
        to: Register,
        one: u32,
    },
    /// `yes` where the mask is set, else `no`.
    Blend {
        to: Register,
        no: Register,
        yes: Operand,
    },
}

/// Which operand of a fused operation is overwritten by the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `to = to c + b`
    F132,
    /// `to = b to + c`
    F213,
    /// `to = b c + to`
    F231,
}

/// What sets the mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Holds(Relation),
    /// True for what is not a number.
    Differs,
}

/// Constants of a program, each once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Constants {
    pub(crate) bits: Vec<u64>,
    places: HashMap<u64, u32>,
}

impl Constants {
    fn place(&mut self, bits: u64) -> u32 {
        *self.places.entry(bits).or_insert_with(|| {
            self.bits.push(bits);
            self.bits.len() as u32 - 1
        })
    }
}

/// A tape in registers.
pub(crate) struct Allocated {
    pub(crate) instructions: Vec<Instruction>,
    /// Slots used besides those of the tape, from the first that was given.
    pub(crate) spills: u32,
}

/// Writes out the values in this order with so many registers, at least four. Values that find no room
/// go to slots from `first_spill` on.
pub(crate) fn allocate(
    trace: &Trace,
    order: &[ValueId],
    registers: usize,
    first_spill: u32,
    constants: &mut Constants,
) -> Allocated {
    let count = trace.values.len();
    let mut allocator = Allocator {
        values: &trace.values,
        uses: Uses::new(trace, order),
        holds: vec![None; registers],
        register: vec![None; count],
        home: vec![None; count],
        slot_values: HashMap::default(),
        now: 0,
        first_spill,
        spills: 0,
        free_spills: Vec::new(),
        dead_spills: Vec::new(),
        pinned: 0,
        constants,
        instructions: Vec::with_capacity(order.len() * 2),
    };
    for (id, value) in (0..).zip(&trace.values) {
        match *value {
            Value::Slot(slot) => {
                allocator.home[id as usize] = Some(Operand::Slot(slot));
                allocator.slot_values.insert(slot, id);
            }
            Value::Constant(bits) => {
                let place = allocator.constants.place(bits);
                allocator.home[id as usize] = Some(Operand::Constant(place));
            }
            _ => {}
        }
    }
    let mut targets: HashMap<ValueId, Vec<u32>> = HashMap::default();
    trace.stores.iter().for_each(|&(slot, id)| targets.entry(id).or_default().push(slot));
    for &id in order {
        allocator.compute(id, targets.get(&id).map_or(&[], Vec::as_slice));
        allocator.now += 1;
    }
    // What was only moved.
    for &(slot, id) in trace.stores.iter().filter(|s| !trace.values[s.1 as usize].is_computed()) {
        allocator.begin([id]);
        let from = allocator.load(id);
        allocator.store(slot, from);
        allocator.release(id);
        allocator.end();
    }
    Allocated { instructions: allocator.instructions, spills: allocator.spills }
}

/// A value in memory is loaded for more than one use if the next comes within so many operations.
const NEAR: u32 = 64;

struct Allocator<'a> {
    values: &'a [Value],
    uses: Uses,
    /// What each register holds.
    holds: Vec<Option<ValueId>>,
    /// Register of each value.
    register: Vec<Option<Register>>,
    /// Place of each value in memory.
    home: Vec<Option<Operand>>,
    /// The value that each slot holds at the beginning.
    slot_values: HashMap<u32, ValueId>,
    now: u32,
    first_spill: u32,
    spills: u32,
    free_spills: Vec<u32>,
    /// Slots that are free once the instruction is written.
    dead_spills: Vec<u32>,
    /// Registers that the instruction being written needs, as bits.
    pinned: u64,
    constants: &'a mut Constants,
    instructions: Vec<Instruction>,
}

impl Allocator<'_> {
    /// Starts an instruction with these operands: their use counts as past, their registers stay.
    fn begin(&mut self, operands: impl IntoIterator<Item = ValueId>) {
        self.pinned = 0;
        for id in operands {
            self.uses.pass(id);
            if let Some(register) = self.register[id as usize] {
                self.pinned |= 1 << register;
            }
        }
    }

    /// The instruction is written: what only it needed is free.
    fn end(&mut self) {
        self.free_spills.append(&mut self.dead_spills);
        self.pinned = 0;
    }

    /// Writes out one value and stores it.
    fn compute(&mut self, id: ValueId, targets: &[u32]) {
        let value = self.values[id as usize];
        self.begin(value.operands());
        let to = match value {
            Value::Two(two, a, b) => {
                let (a, b) = if two.commutes() && self.better_last(a, b) { (b, a) } else { (a, b) };
                let (a_in, b_in) = (self.load(a), self.operand(b));
                let to = self.result(value);
                self.instructions.push(Instruction::Two { two, to, a: a_in, b: b_in });
                to
            }
            Value::Fused(fused, a, b, c) => self.fuse(value, fused, [a, b, c]),
            Value::SquareRoot(a) => {
                let a = self.operand(a);
                let to = self.result(value);
                self.instructions.push(Instruction::SquareRoot { to, a });
                to
            }
            Value::ShiftLeft(a) => {
                let a = self.load(a);
                let to = self.result(value);
                self.instructions.push(Instruction::ShiftLeft { to, a });
                to
            }
            Value::ShiftRight(a) => {
                let a = self.load(a);
                let to = self.result(value);
                self.instructions.push(Instruction::ShiftRight { to, a });
                to
            }
            Value::Relation(relation, a, b) => {
                let (a, b) = (self.load(a), self.operand(b));
                let comparison = Comparison::Holds(relation);
                self.instructions.push(Instruction::Compare { comparison, a, b });
                let to = self.result(value);
                let one = self.constants.place(1f64.to_bits());
                self.instructions.push(Instruction::Truth { to, one });
                to
            }
            Value::Select(condition, a, b) => {
                let (condition, no, yes) = (self.load(condition), self.load(b), self.operand(a));
                let zero = Operand::Constant(self.constants.place(0));
                let comparison = Comparison::Differs;
                self.instructions.push(Instruction::Compare { comparison, a: condition, b: zero });
                let to = self.result(value);
                self.instructions.push(Instruction::Blend { to, no, yes });
                to
            }
            Value::Slot(_) | Value::Constant(_) => return,
        };
        self.end();
        self.holds[to as usize] = Some(id);
        self.register[id as usize] = Some(to);
        self.pinned = 1 << to;
        for &slot in targets {
            self.store(slot, to);
            self.home[id as usize] = Some(Operand::Slot(slot));
        }
        self.release(id);
        self.end();
    }

    /// Whether, of two operands, the first had better stand where memory may be read.
    fn better_last(&self, a: ValueId, b: ValueId) -> bool {
        match (self.register[a as usize], self.register[b as usize]) {
            (None, Some(_)) => true,
            (None, None) => self.uses.next(a) > self.uses.next(b),
            _ => false,
        }
    }

    /// A fused operation overwrites one of its operands: one that is not needed any more, or a
    /// copy.
    fn fuse(&mut self, value: Value, fused: Fused, operands: [ValueId; 3]) -> Register {
        let [a, b, c] = operands;
        let mut outside: Vec<ValueId> =
            operands.into_iter().filter(|&id| self.register[id as usize].is_none()).collect();
        outside.sort_unstable_by_key(|&id| (self.uses.next(id), id));
        outside.dedup();
        if let Some((&last, others)) = outside.split_last() {
            for &id in others {
                self.load(id);
            }
            // Only one operand can be read from memory, even if it is the same.
            if operands.iter().filter(|&&id| id == last).count() > 1 {
                self.load(last);
            } else {
                self.operand(last);
            }
        }
        let register = |allocator: &Self, id: ValueId| allocator.register[id as usize];
        let dying = |allocator: &Self, id: ValueId| {
            register(allocator, id).filter(|_| allocator.uses.next(id) == NEVER)
        };
        let (to, form, second, third) = if let Some(to) = dying(self, c) {
            (to, Form::F231, a, b)
        } else if let Some(to) = dying(self, a) {
            self.overwrite_factor(to, b, c)
        } else if let Some(to) = dying(self, b) {
            self.overwrite_factor(to, a, c)
        } else {
            let to = self.free_register();
            self.pinned |= 1 << to;
            let from = self.found(c);
            self.instructions.push(Instruction::Load { to, from });
            (to, Form::F231, a, b)
        };
        let (second, third) = match register(self, second) {
            Some(_) => (second, third),
            // Only a product has the choice; see `overwrite_factor`.
            None => (third, second),
        };
        let (b, c) = (self.load(second), self.found(third)); // the first has a register
        value.operands().for_each(|id| self.release(id));
        self.instructions.push(Instruction::Fused { fused, form, to, b, c });
        to
    }

    /// Overwrites one factor; the other and what is added stand so that memory is read last.
    fn overwrite_factor(
        &self,
        to: Register,
        factor: ValueId,
        added: ValueId,
    ) -> (Register, Form, ValueId, ValueId) {
        match self.register[factor as usize] {
            Some(_) => (to, Form::F213, factor, added),
            None => (to, Form::F132, added, factor),
        }
    }

    /// The register of a value, which is loaded if it has none.
    fn load(&mut self, id: ValueId) -> Register {
        let register = match self.register[id as usize] {
            Some(register) => register,
            None => {
                let to = self.free_register();
                self.instructions.push(Instruction::Load { to, from: self.found(id) });
                self.holds[to as usize] = Some(id);
                self.register[id as usize] = Some(to);
                to
            }
        };
        self.pinned |= 1 << register;
        register
    }

    /// A value as last operand: from memory, unless it is in a register or worth one.
    fn operand(&mut self, id: ValueId) -> Operand {
        if self.register[id as usize].is_none() && self.worth_loading(id) {
            self.load(id);
        }
        self.found(id)
    }

    /// Where a value is.
    fn found(&self, id: ValueId) -> Operand {
        match (self.register[id as usize], self.home[id as usize]) {
            (Some(register), _) => Operand::Register(register),
            (None, Some(home)) => home,
            (None, None) => unreachable!("a value is lost: this is a bug of the engine"),
        }
    }

    fn worth_loading(&self, id: ValueId) -> bool {
        let next = self.uses.next(id);
        if next == NEVER || next - self.now > NEAR {
            return false;
        }
        let later = |held: &Option<ValueId>| held.is_none_or(|held| self.uses.next(held) > next);
        let open = self.holds.iter().enumerate().filter(|(r, _)| self.pinned >> r & 1 == 0);
        open.map(|(_, held)| held).any(later)
    }

    /// Frees operands that are not used again, and gives the result a register.
    fn result(&mut self, value: Value) -> Register {
        value.operands().for_each(|id| self.release(id));
        self.pinned = 0;
        self.keep_operands(value);
        self.free_register()
    }

    /// Operands that live on must not be evicted before the instruction has read them.
    fn keep_operands(&mut self, value: Value) {
        for id in value.operands() {
            if let Some(register) = self.register[id as usize] {
                self.pinned |= 1 << register;
            }
        }
    }

    /// Forgets a value that is not used again.
    fn release(&mut self, id: ValueId) {
        if self.uses.next(id) != NEVER {
            return;
        }
        if let Some(register) = self.register[id as usize].take() {
            self.holds[register as usize] = None;
        }
        if let Some(Operand::Slot(slot)) = self.home[id as usize].take()
            && slot >= self.first_spill
        {
            self.dead_spills.push(slot);
        }
    }

    /// A register that holds nothing; evicts a value that is not pinned if there is none.
    fn free_register(&mut self) -> Register {
        if let Some(free) = self.holds.iter().position(Option::is_none) {
            return free as Register;
        }
        let cost = |&(_, id): &(usize, ValueId)| {
            let distance = u64::from(self.uses.next(id) - self.now);
            // To write a value and read it again costs more than to read it.
            if self.home[id as usize].is_some() { 2 * distance } else { distance }
        };
        let candidates = (self.holds.iter().enumerate())
            .filter(|(register, _)| self.pinned >> register & 1 == 0)
            .filter_map(|(register, held)| held.map(|id| (register, id)));
        let Some((register, id)) = candidates.max_by_key(cost) else {
            unreachable!("an instruction has at most three operands")
        };
        if self.home[id as usize].is_none() {
            let slot = self.free_spills.pop().unwrap_or_else(|| {
                self.spills += 1;
                self.first_spill + self.spills - 1
            });
            self.home[id as usize] = Some(Operand::Slot(slot));
            self.instructions.push(Instruction::Store { slot, from: register as Register });
        }
        self.register[id as usize] = None;
        self.holds[register] = None;
        register as Register
    }

    /// Stores a register; what the slot held before is saved if it is still needed.
    fn store(&mut self, slot: u32, from: Register) {
        if let Some(&before) = self.slot_values.get(&slot)
            && self.home[before as usize] == Some(Operand::Slot(slot))
        {
            if self.uses.next(before) != NEVER {
                self.pinned |= 1 << from;
                self.load(before);
            }
            self.home[before as usize] = None;
        }
        self.instructions.push(Instruction::Store { slot, from });
    }
}
