"""Both programs are built so that a memory fault is hard to exploit, as their ELF files say."""

import os
import struct
import unittest

from harness.requirements import require_file

ET_DYN = 3
PT_DYNAMIC, PT_INTERP, PT_GNU_STACK, PT_GNU_RELRO = 2, 3, 0x6474e551, 0x6474e552
PF_X = 1
DT_NULL, DT_FLAGS, DT_FLAGS_1 = 0, 30, 0x6ffffffb
DF_BIND_NOW, DF_1_NOW, DF_1_PIE = 8, 1, 0x08000000
SHT_DYNSYM = 11
EM_X86_64 = 62
ENDBR64 = bytes.fromhex("f30f1efa")
OPTIMISED = ("Release", "RelWithDebInfo", "MinSizeRel")


class Elf:
    """What the headers of a 64-bit little-endian ELF file say."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        assert self.data[:6] == b"\x7fELF\x02\x01", path
        self.type, self.machine = struct.unpack_from("<HH", self.data, 16)
        programs, sections = struct.unpack_from("<QQ", self.data, 32)
        size, count, section_size, section_count = struct.unpack_from("<HHHH", self.data, 54)
        # type, flags, offset, vaddr, paddr, filesz, memsz, align
        self.segments = [struct.unpack_from("<IIQQQQQQ", self.data, programs + i * size) for i in range(count)]
        # name, type, flags, addr, offset, size, link, info, addralign, entsize
        self.sections = [struct.unpack_from("<IIQQQQIIQQ", self.data, sections + i * section_size)
                         for i in range(section_count)]

    def segment(self, kind):
        return next((segment for segment in self.segments if segment[0] == kind), None)

    def dynamic(self):
        """Values by tag; of tags that come more than once, the last."""
        found = self.segment(PT_DYNAMIC)
        entries = {}
        for at in range(found[2], found[2] + found[5], 16) if found else ():
            tag, value = struct.unpack_from("<qQ", self.data, at)
            if tag == DT_NULL:
                break
            entries[tag] = value
        return entries

    def imports(self):
        """Names that a library of the system provides."""
        names = set()
        for section in self.sections:
            if section[1] != SHT_DYNSYM:
                continue
            texts = self.sections[section[6]][4]
            for at in range(section[4], section[4] + section[5], 24):
                name, _, _, index = struct.unpack_from("<IBBH", self.data, at)
                if index == 0 and name:
                    names.add(self.data[texts + name:self.data.index(b"\0", texts + name)].decode())
        return names

    def weaknesses(self, is_optimised):
        """In words; none of a hardened program."""
        found = []

        def want(is_so, otherwise):
            if not is_so:
                found.append(otherwise)

        dynamic, imports = self.dynamic(), self.imports()
        want(self.type == ET_DYN and self.segment(PT_INTERP) and dynamic.get(DT_FLAGS_1, 0) & DF_1_PIE,
             "its address is fixed")
        want(self.segment(PT_GNU_RELRO), "no read-only relocations")
        want(dynamic.get(DT_FLAGS, 0) & DF_BIND_NOW or dynamic.get(DT_FLAGS_1, 0) & DF_1_NOW, "symbols are bound late")
        stack = self.segment(PT_GNU_STACK)
        want(stack and not stack[1] & PF_X, "an executable stack")
        want("__stack_chk_fail" in imports, "no stack protector")
        fortified = [name for name in imports if name.startswith("__") and name.endswith("_chk")]
        want(fortified or not is_optimised, "no _FORTIFY_SOURCE")
        # A handful come with the C library's own start-up files.
        want(self.machine != EM_X86_64 or self.data.count(ENDBR64) > 1000, "no control-flow protection")
        return found


class Hardening(unittest.TestCase):
    def assert_hardened(self, variable):
        self.assertEqual(Elf(os.environ[variable]).weaknesses(os.environ.get("LEAKGUARD_BUILD_TYPE") in OPTIMISED), [])

    def test_leakguard(self):
        self.assert_hardened("LEAKGUARD")

    def test_chatcore(self):
        self.assert_hardened("CHATCORE")

    def test_a_program_that_is_not_hardened_is_told(self):
        # Linked statically and without these flags.
        weaknesses = Elf(os.environ["TEST_WORKLOAD"]).weaknesses(is_optimised=True)
        for weakness in ("its address is fixed", "symbols are bound late", "no stack protector", "no _FORTIFY_SOURCE",
                         "no control-flow protection"):
            self.assertIn(weakness, weaknesses)


if __name__ == "__main__":
    for program in ("LEAKGUARD", "CHATCORE"):
        require_file(os.environ.get(program, ""), f"the program (target {program.lower()})")
    unittest.main(verbosity=2)
