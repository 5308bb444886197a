#pragma once
// Amounts that are written so that another one must have been meant: a bare 700 where 700 MiB was meant, 80 CPU cores
// where 80 % was. Pure.

#include <string>
#include <string_view>

namespace base {

// Checks a size in bytes. A number without a unit, above 0 and below 1048576, is implausible. Returns what is wrong and
// what to write ("700 bytes; write 700m", "0.85 bytes; write 85%"), or "" for a plausible size. `may_be_share`: the
// value may also be meant as a share of a limit.
std::string size_correction(std::string_view text, bool may_be_share = false);

// Checks a number of CPU cores, as above. A whole number from 50 to 1000 is implausible: it is most likely per cent of
// a core, as `docker stats` shows it. "95.0" is accepted as cores.
std::string cores_correction(std::string_view text);

// Checks a share of a limit, as above. Implausible: 70 (70 times the limit) and 0.7%, where 70% is meant.
std::string share_correction(std::string_view text);

}  // namespace base
