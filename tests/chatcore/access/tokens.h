#pragma once
// Makes signed tokens as an identity provider would, right and wrong ones.

#include <string>
#include <string_view>

#include "base/digest.h"

namespace chatcore::access {

inline constexpr std::string_view kTestSecret = "0123456789abcdef0123456789abcdef";

inline std::string encode_base64url(std::string_view bytes) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  unsigned held = 0;
  unsigned bits = 0;
  for (const char c : bytes) {
    held = (held << 8U | static_cast<unsigned char>(c)) & 0xFFFFU;
    for (bits += 8; bits >= 6; bits -= 6) text += kLetters[held >> (bits - 6) & 63U];
  }
  if (bits != 0) text += kLetters[held << (6 - bits) & 63U];
  return text;
}

inline std::string make_token(std::string_view header, std::string_view claims, std::string_view secret = kTestSecret) {
  const std::string text = encode_base64url(header) + "." + encode_base64url(claims);
  return text + "." + encode_base64url(base::view_of(base::hmac_sha256(secret, text)));
}

}  // namespace chatcore::access
