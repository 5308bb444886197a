#pragma once
// Amounts that are written so that another one must have been meant: a bare 700 where 700 MiB was meant, 80 CPU cores
// where 80 % was. Pure.

#include <string>
#include <string_view>

namespace base {

// For a size in bytes: a bare number above 0 and below 1048576, without a unit. Returns what is wrong with it and what
// to write ("700 bytes; write 700m", "0.85 bytes; write 85%"), or "" for a size that can be meant. `may_be_share`: a
// share of a limit could have been meant, too.
std::string size_correction(std::string_view text, bool may_be_share = false);

// For a number of CPU cores: a bare whole number from 50 to 1000, which is per cent, as `docker stats` shows it. "95.0"
// says that cores are meant.
std::string cores_correction(std::string_view text);

// For a share of a limit: a bare 70 (70 times the limit), or 0.7% where 70% was meant.
std::string share_correction(std::string_view text);

}  // namespace base
