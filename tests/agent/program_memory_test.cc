#include "agent/program_memory.h"

#include <gtest/gtest.h>

namespace agent {
namespace {

TEST(CodeIn, IsWhatIsMappedFromFilesAndExecutable) {
  const auto found = executable_mappings(
      "55d0c0000000-55d0c0100000 r--p 00000000 fe:00 77 /usr/bin/leakguard\n"
      "55d0c0100000-55d0c0400000 r-xp 00100000 fe:00 77 /usr/bin/leakguard\n"
      "55d0c1000000-55d0c1200000 rw-p 00000000 00:00 0 [heap]\n"
      "7f31c0a28000-7f31c0bbd000 r-xp 00028000 fe:00 12 /usr/lib/lib c.so.6\n"
      "7ffd4d5f0000-7ffd4d5f2000 r-xp 00000000 00:00 0 [vdso]\n");
  const std::vector<Mapping> expected{{0x55d0c0100000, 0x55d0c0400000}, {0x7f31c0a28000, 0x7f31c0bbd000}};
  EXPECT_EQ(found, expected);
}

TEST(CodeIn, IsNothingInWhatIsNotTheKernelsForm) {
  EXPECT_TRUE(executable_mappings("").empty());
  EXPECT_TRUE(executable_mappings("r-xp /x\n-12 r-xp 0 /x\n12- r-xp 0 /x\n20-10 r-xp 0 /x\n10-20\n").empty());
}

}  // namespace
}  // namespace agent
