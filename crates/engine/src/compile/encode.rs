//! Instructions as bytes, for eight lanes in AVX-512 and for four in AVX2 with FMA.

use std::ops::Range;

use iced_x86::{Code, Encoder, IcedError, Instruction as Encoded, MemoryOperand, Register as R};

use super::{
    registers::{Comparison, Form, Instruction, Operand, Register},
    trace::{Fused, Relation, Two},
};

/// The instructions to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Four lanes, 256 bits.
    Avx2,
    /// Eight lanes, 512 bits.
    Avx512,
}

impl Target {
    /// Lanes per register.
    pub(crate) fn lanes(self) -> usize {
        match self {
            Target::Avx2 => 4,
            Target::Avx512 => 8,
        }
    }

    /// Registers for values. AVX2 has no mask registers, so one of its sixteen holds the mask.
    pub(crate) fn registers(self) -> usize {
        match self {
            Target::Avx2 => 15,
            Target::Avx512 => 32,
        }
    }

    /// Bytes of a slot.
    fn slot_bytes(self) -> i64 {
        8 * self.lanes() as i64
    }

    /// Copies of each constant in memory: AVX-512 spreads one number over all lanes by itself.
    pub(crate) fn constant_copies(self) -> usize {
        match self {
            Target::Avx2 => 4,
            Target::Avx512 => 1,
        }
    }

    /// How far memory may be from an address in a register so that the distance is one byte.
    fn reach(self) -> i64 {
        match self {
            // The distance is in bytes.
            Target::Avx2 => 128,
            // The distance is in operands.
            Target::Avx512 => 128 * self.slot_bytes(),
        }
    }
}

/// The register with the address of memory, and of the constants, in the calling convention.
const MEMORY: R = R::RDI;
const CONSTANTS: R = R::RSI;
/// The register with the address of the moved slots; the calling convention has it in another,
/// which is one of the windows.
const MOVED: R = R::R11;
const MOVED_ARGUMENT: R = R::RDX;
/// Registers that hold addresses within memory. A function need not preserve them.
const WINDOWS: [R; 7] = [R::RDI, R::RAX, R::RCX, R::RDX, R::R8, R::R9, R::R10];
/// Where AVX2 keeps its mask.
const MASK: R = R::YMM15;

/// A function in machine code that carries out the instructions and returns. The slots `moved` are
/// found at an address of their own.
///
/// # Errors
/// When the assembler refuses an instruction, which would be a bug of the engine.
pub(crate) fn encode(
    target: Target,
    instructions: &[Instruction],
    moved: &Range<u32>,
) -> Result<Vec<u8>, IcedError> {
    let mut writer = Writer {
        target,
        windows: windows(target, instructions, moved),
        moved: moved.clone(),
        encoder: Encoder::try_with_capacity(64, instructions.len() * 8)?,
        length: 0,
    };
    writer.open_windows()?;
    instructions.iter().try_for_each(|instruction| writer.instruction(instruction))?;
    writer.put(Encoded::with(Code::VEX_Vzeroupper))?;
    writer.put(Encoded::with(Code::Retnq))?;
    Ok(writer.encoder.take_buffer())
}

/// Offsets in bytes from which most of memory is near, ascending.
fn windows(target: Target, instructions: &[Instruction], moved: &Range<u32>) -> Vec<i64> {
    let mut offsets: Vec<i64> = (instructions.iter().filter_map(slot))
        .filter(|slot| !moved.contains(slot))
        .map(|slot| i64::from(slot) * target.slot_bytes())
        .collect();
    offsets.sort_unstable();
    offsets.dedup();
    let mut windows: Vec<i64> = Vec::new();
    for offset in offsets {
        if windows.last().is_none_or(|window| offset >= window + target.reach()) {
            windows.push(offset + target.reach());
        }
    }
    windows.truncate(WINDOWS.len());
    windows
}

/// The slot that an instruction reads or writes.
fn slot(instruction: &Instruction) -> Option<u32> {
    let operand = match *instruction {
        Instruction::Store { slot, .. } => return Some(slot),
        Instruction::Load { from: operand, .. }
        | Instruction::Two { b: operand, .. }
        | Instruction::Fused { c: operand, .. }
        | Instruction::SquareRoot { a: operand, .. }
        | Instruction::Compare { b: operand, .. }
        | Instruction::Blend { yes: operand, .. } => operand,
        _ => return None,
    };
    match operand {
        Operand::Slot(slot) => Some(slot),
        _ => None,
    }
}

struct Writer {
    target: Target,
    /// Offset from the start of memory of each of [`WINDOWS`].
    windows: Vec<i64>,
    moved: Range<u32>,
    encoder: Encoder,
    length: u64,
}

impl Writer {
    fn put(&mut self, instruction: Encoded) -> Result<(), IcedError> {
        self.length += self.encoder.encode(&instruction, self.length)? as u64;
        Ok(())
    }

    /// Lets the address registers point to their windows.
    fn open_windows(&mut self) -> Result<(), IcedError> {
        let middle = self.constants_middle();
        self.put(Encoded::with2(
            Code::Lea_r64_m,
            CONSTANTS,
            MemoryOperand::with_base_displ(CONSTANTS, middle),
        )?)?;
        let moved = MemoryOperand::with_base_displ(MOVED_ARGUMENT, self.target.reach());
        self.put(Encoded::with2(Code::Lea_r64_m, MOVED, moved)?)?;
        // The first window's register is that of memory itself, so it comes last.
        for (register, offset) in WINDOWS.into_iter().zip(self.windows.clone()).rev() {
            let address = MemoryOperand::with_base_displ(MEMORY, offset);
            self.put(Encoded::with2(Code::Lea_r64_m, register, address)?)?;
        }
        Ok(())
    }

    /// Where the address of the constants points to, in bytes, so that twice as many are near.
    fn constants_middle(&self) -> i64 {
        128 * if self.target == Target::Avx512 { 8 } else { 1 }
    }

    fn register(&self, register: Register) -> R {
        let first = match self.target {
            Target::Avx2 => R::YMM0,
            Target::Avx512 => R::ZMM0,
        };
        first + u32::from(register)
    }

    fn slot_address(&self, slot: u32) -> MemoryOperand {
        if self.moved.contains(&slot) {
            let offset = i64::from(slot - self.moved.start) * self.target.slot_bytes();
            return MemoryOperand::with_base_displ(MOVED, offset - self.target.reach());
        }
        let offset = i64::from(slot) * self.target.slot_bytes();
        let reach = self.target.reach();
        let near = self.windows.iter().position(|window| offset < window + reach);
        let window = near.unwrap_or(self.windows.len().saturating_sub(1));
        let start = self.windows.get(window).copied().unwrap_or(0);
        MemoryOperand::with_base_displ(WINDOWS[window], offset - start)
    }

    fn constant_address(&self, constant: u32) -> MemoryOperand {
        let bytes = 8 * self.target.constant_copies() as i64;
        let offset = i64::from(constant) * bytes - self.constants_middle();
        MemoryOperand::with_base_displ(CONSTANTS, offset)
    }

    /// An instruction with the result, perhaps a register operand, and a last operand that may be
    /// in memory.
    fn with_last(
        &self,
        code: [Code; 2],
        to: R,
        middle: Option<R>,
        last: Operand,
    ) -> Result<Encoded, IcedError> {
        let code = code[self.target as usize];
        let build = |address| match middle {
            Some(middle) => Encoded::with3(code, to, middle, address),
            None => Encoded::with2(code, to, address),
        };
        match last {
            Operand::Register(last) => {
                let last = self.register(last);
                match middle {
                    Some(middle) => Encoded::with3(code, to, middle, last),
                    None => Encoded::with2(code, to, last),
                }
            }
            Operand::Slot(slot) => build(self.slot_address(slot)),
            Operand::Constant(constant) => {
                let mut encoded = build(self.constant_address(constant))?;
                encoded.set_is_broadcast(self.target == Target::Avx512);
                Ok(encoded)
            }
        }
    }

    fn instruction(&mut self, instruction: &Instruction) -> Result<(), IcedError> {
        let encoded = match *instruction {
            Instruction::Load { to, from: Operand::Constant(constant) }
                if self.target == Target::Avx512 =>
            {
                let address = self.constant_address(constant);
                Encoded::with2(Code::EVEX_Vbroadcastsd_zmm_k1z_xmmm64, self.register(to), address)?
            }
            Instruction::Load { to, from } => {
                let code = [Code::VEX_Vmovupd_ymm_ymmm256, Code::EVEX_Vmovupd_zmm_k1z_zmmm512];
                self.with_last(code, self.register(to), None, from)?
            }
            Instruction::Store { slot, from } => {
                let code = [Code::VEX_Vmovupd_ymmm256_ymm, Code::EVEX_Vmovupd_zmmm512_k1z_zmm];
                let code = code[self.target as usize];
                Encoded::with2(code, self.slot_address(slot), self.register(from))?
            }
            Instruction::Two { two, to, a, b } => {
                self.with_last(two_code(two), self.register(to), Some(self.register(a)), b)?
            }
            Instruction::Fused { fused, form, to, b, c } => {
                let code = fused_code(fused, form);
                self.with_last(code, self.register(to), Some(self.register(b)), c)?
            }
            Instruction::SquareRoot { to, a } => {
                let code =
                    [Code::VEX_Vsqrtpd_ymm_ymmm256, Code::EVEX_Vsqrtpd_zmm_k1z_zmmm512b64_er];
                self.with_last(code, self.register(to), None, a)?
            }
            Instruction::ShiftLeft { to, a } => {
                let code =
                    [Code::VEX_Vpsllq_ymm_ymm_imm8, Code::EVEX_Vpsllq_zmm_k1z_zmmm512b64_imm8];
                let code = code[self.target as usize];
                Encoded::with3(code, self.register(to), self.register(a), FRACTION_BITS)?
            }
            Instruction::ShiftRight { to, a } => {
                let code =
                    [Code::VEX_Vpsrlq_ymm_ymm_imm8, Code::EVEX_Vpsrlq_zmm_k1z_zmmm512b64_imm8];
                let code = code[self.target as usize];
                Encoded::with3(code, self.register(to), self.register(a), FRACTION_BITS)?
            }
            Instruction::Compare { comparison, a, b } => self.compare(comparison, a, b)?,
            Instruction::Truth { to, one } => self.truth(to, one)?,
            Instruction::Blend { to, no, yes } => self.blend(to, no, yes)?,
        };
        self.put(encoded)
    }

    fn compare(
        &self,
        comparison: Comparison,
        a: Register,
        b: Operand,
    ) -> Result<Encoded, IcedError> {
        let predicate: u32 = match comparison {
            Comparison::Holds(Relation::Equal) => 0x00,     // EQ_OQ
            Comparison::Holds(Relation::Less) => 0x11,      // LT_OQ
            Comparison::Holds(Relation::LessEqual) => 0x12, // LE_OQ
            Comparison::Differs => 0x04,                    // NEQ_UQ
        };
        let a = self.register(a);
        let (code, mask) = match self.target {
            Target::Avx2 => (Code::VEX_Vcmppd_ymm_ymm_ymmm256_imm8, MASK),
            Target::Avx512 => (Code::EVEX_Vcmppd_kr_k1_zmm_zmmm512b64_imm8_sae, R::K1),
        };
        match b {
            Operand::Register(b) => Encoded::with4(code, mask, a, self.register(b), predicate),
            Operand::Slot(slot) => {
                Encoded::with4(code, mask, a, self.slot_address(slot), predicate)
            }
            Operand::Constant(constant) => {
                let address = self.constant_address(constant);
                let mut encoded = Encoded::with4(code, mask, a, address, predicate)?;
                encoded.set_is_broadcast(self.target == Target::Avx512);
                Ok(encoded)
            }
        }
    }

    fn truth(&self, to: Register, one: u32) -> Result<Encoded, IcedError> {
        let (to, one) = (self.register(to), self.constant_address(one));
        match self.target {
            Target::Avx2 => Encoded::with3(Code::VEX_Vandpd_ymm_ymm_ymmm256, to, MASK, one),
            Target::Avx512 => {
                let code = Code::EVEX_Vbroadcastsd_zmm_k1z_xmmm64;
                let mut encoded = Encoded::with2(code, to, one)?;
                encoded.set_op_mask(R::K1);
                encoded.set_zeroing_masking(true);
                Ok(encoded)
            }
        }
    }

    fn blend(&self, to: Register, no: Register, yes: Operand) -> Result<Encoded, IcedError> {
        let (to, no) = (self.register(to), self.register(no));
        match self.target {
            Target::Avx2 => {
                let code = Code::VEX_Vblendvpd_ymm_ymm_ymmm256_ymm;
                match yes {
                    Operand::Register(yes) => {
                        Encoded::with4(code, to, no, self.register(yes), MASK)
                    }
                    Operand::Slot(slot) => {
                        Encoded::with4(code, to, no, self.slot_address(slot), MASK)
                    }
                    Operand::Constant(constant) => {
                        Encoded::with4(code, to, no, self.constant_address(constant), MASK)
                    }
                }
            }
            Target::Avx512 => {
                let code = [Code::INVALID, Code::EVEX_Vblendmpd_zmm_k1z_zmm_zmmm512b64];
                let mut encoded = self.with_last(code, to, Some(no), yes)?;
                encoded.set_op_mask(R::K1);
                Ok(encoded)
            }
        }
    }
}

/// Length of the fraction of a double.
const FRACTION_BITS: u32 = 52;

fn two_code(two: Two) -> [Code; 2] {
    match two {
        Two::Add => [Code::VEX_Vaddpd_ymm_ymm_ymmm256, Code::EVEX_Vaddpd_zmm_k1z_zmm_zmmm512b64_er],
        Two::Subtract => {
            [Code::VEX_Vsubpd_ymm_ymm_ymmm256, Code::EVEX_Vsubpd_zmm_k1z_zmm_zmmm512b64_er]
        }
        Two::Multiply => {
            [Code::VEX_Vmulpd_ymm_ymm_ymmm256, Code::EVEX_Vmulpd_zmm_k1z_zmm_zmmm512b64_er]
        }
        Two::Divide => {
            [Code::VEX_Vdivpd_ymm_ymm_ymmm256, Code::EVEX_Vdivpd_zmm_k1z_zmm_zmmm512b64_er]
        }
        Two::Max => {
            [Code::VEX_Vmaxpd_ymm_ymm_ymmm256, Code::EVEX_Vmaxpd_zmm_k1z_zmm_zmmm512b64_sae]
        }
        Two::Min => {
            [Code::VEX_Vminpd_ymm_ymm_ymmm256, Code::EVEX_Vminpd_zmm_k1z_zmm_zmmm512b64_sae]
        }
        Two::And => [Code::VEX_Vandpd_ymm_ymm_ymmm256, Code::EVEX_Vpandq_zmm_k1z_zmm_zmmm512b64],
        Two::Or => [Code::VEX_Vorpd_ymm_ymm_ymmm256, Code::EVEX_Vporq_zmm_k1z_zmm_zmmm512b64],
        Two::ExclusiveOr => {
            [Code::VEX_Vxorpd_ymm_ymm_ymmm256, Code::EVEX_Vpxorq_zmm_k1z_zmm_zmmm512b64]
        }
    }
}

fn fused_code(fused: Fused, form: Form) -> [Code; 2] {
    match (fused, form) {
        (Fused::Add, Form::F132) => [
            Code::VEX_Vfmadd132pd_ymm_ymm_ymmm256,
            Code::EVEX_Vfmadd132pd_zmm_k1z_zmm_zmmm512b64_er,
        ],
        (Fused::Add, Form::F213) => [
            Code::VEX_Vfmadd213pd_ymm_ymm_ymmm256,
            Code::EVEX_Vfmadd213pd_zmm_k1z_zmm_zmmm512b64_er,
        ],
        (Fused::Add, Form::F231) => [
            Code::VEX_Vfmadd231pd_ymm_ymm_ymmm256,
            Code::EVEX_Vfmadd231pd_zmm_k1z_zmm_zmmm512b64_er,
        ],
        (Fused::Subtract, Form::F132) => [
            Code::VEX_Vfmsub132pd_ymm_ymm_ymmm256,
            Code::EVEX_Vfmsub132pd_zmm_k1z_zmm_zmmm512b64_er,
        ],
        (Fused::Subtract, Form::F213) => [
            Code::VEX_Vfmsub213pd_ymm_ymm_ymmm256,
            Code::EVEX_Vfmsub213pd_zmm_k1z_zmm_zmmm512b64_er,
        ],
        (Fused::Subtract, Form::F231) => [
            Code::VEX_Vfmsub231pd_ymm_ymm_ymmm256,
            Code::EVEX_Vfmsub231pd_zmm_k1z_zmm_zmmm512b64_er,
        ],
        (Fused::AddNegative, Form::F132) => [
            Code::VEX_Vfnmadd132pd_ymm_ymm_ymmm256,
            Code::EVEX_Vfnmadd132pd_zmm_k1z_zmm_zmmm512b64_er,
        ],
        (Fused::AddNegative, Form::F213) => [
            Code::VEX_Vfnmadd213pd_ymm_ymm_ymmm256,
            Code::EVEX_Vfnmadd213pd_zmm_k1z_zmm_zmmm512b64_er,
        ],
        (Fused::AddNegative, Form::F231) => [
            Code::VEX_Vfnmadd231pd_ymm_ymm_ymmm256,
            Code::EVEX_Vfnmadd231pd_zmm_k1z_zmm_zmmm512b64_er,
        ],
    }
}
