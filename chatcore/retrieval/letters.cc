#include "chatcore/retrieval/letters.h"

#include <string_view>

#include "base/utf8.h"

namespace chatcore::retrieval {
namespace {

bool is_between(char32_t value, char32_t first, char32_t last) { return value >= first && value <= last; }

}  // namespace

bool is_word_character(char32_t value) {
  if (value < 0x80) {
    return is_between(value, '0', '9') || is_between(value, 'a', 'z') || is_between(value, 'A', 'Z');
  }
  if (value < 0xC0) return value == 0xAA || value == 0xB5 || value == 0xBA;
  const bool is_sign = value == 0xD7 || value == 0xF7 || is_between(value, 0x2000, 0x206F) ||
                       is_between(value, 0x20A0, 0x20CF) || is_between(value, 0x2190, 0x2BFF) ||
                       is_between(value, 0x3000, 0x303F) || is_between(value, 0xFE30, 0xFE4F) ||
                       is_between(value, 0xFF00, 0xFF0F) || is_between(value, 0xFF1A, 0xFF20) || value == 0x060C ||
                       value == 0x061B || value == 0x061F || value == base::kReplacementCharacter;
  return !is_sign;
}

bool is_unspaced_script(char32_t value) {
  return is_between(value, 0x3040, 0x30FF) || is_between(value, 0x3400, 0x9FFF) || is_between(value, 0xAC00, 0xD7AF) ||
         is_between(value, 0x20000, 0x3FFFF);
}

char32_t to_lower(char32_t value) {
  if (is_between(value, 'A', 'Z')) return value + 32;
  if (value < 0xC0) return value;
  if (is_between(value, 0xC0, 0xDE) && value != 0xD7) return value + 32;
  // Latin Extended-A comes in pairs, the capital first; which parity that is changes along the way.
  if (is_between(value, 0x100, 0x137) || is_between(value, 0x14A, 0x177)) return value | 1u;
  if (is_between(value, 0x139, 0x148) || is_between(value, 0x179, 0x17E)) return value + (value & 1u);
  if (is_between(value, 0x391, 0x3A9)) return value + 32;
  if (is_between(value, 0x400, 0x40F)) return value + 80;
  if (is_between(value, 0x410, 0x42F)) return value + 32;
  return value;
}

char32_t fold(char32_t value) {
  // From U+00E0 on; what is a letter of its own stays.
  constexpr std::u32string_view kLatin = U"aaaaaaæceeeeiiiiðnooooo÷ouuuuyþy";
  if (is_between(value, 0xE0, 0xFF)) return kLatin[value - 0xE0];
  switch (value) {
    case 0x622:  // alef with madda, with hamza above, below
    case 0x623:
    case 0x625: return 0x627;
    case 0x629: return 0x647;  // teh marbuta
    case 0x643: return 0x6A9;  // Arabic kaf
    case 0x626:                // yeh with hamza
    case 0x649:
    case 0x64A: return 0x6CC;  // Arabic yeh
    default: return value;
  }
}

bool is_mark(char32_t value) {
  return is_between(value, 0x300, 0x36F) || is_between(value, 0x64B, 0x65F) || value == 0x640 || value == 0x670;
}

}  // namespace chatcore::retrieval
