#pragma once
// Amounts that are written so that another one must have been meant: a bare 700 where 700 MiB was meant, 80 CPU cores
// where 80 % was. Pure.

#include <string>
#include <string_view>

namespace base {

// For a size in bytes: a bare number from 1 to 1048575, without a unit. Returns what is wrong with it and what to
// write ("700 bytes; write 700m"), or "" for a size that can be meant. `may_be_share`: 85% could have been meant, too.
std::string size_correction(std::string_view text, bool may_be_share = false);

// For a number of CPU cores: a bare whole number from 50 to 100. "95.0" says that cores are meant.
std::string cores_correction(std::string_view text);

}  // namespace base
