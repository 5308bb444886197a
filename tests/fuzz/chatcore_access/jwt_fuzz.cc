// Tokens: as they come, which nobody has signed and so nobody may enter with; and, since no fuzzer gets past the
// signature, with any two texts as header and claims under the right one, parted by a line end.

#include <string>

#include "../fuzz.h"
#include "chatcore/access/jwt.h"
#include "chatcore/access/user_name.h"
#include "tests/chatcore/access/tokens.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatcore::access;
  const auto text = fuzz::text_of(data, size);
  const JwtRules rules{.secrets = {std::string(kTestSecret)}, .issuer = "", .audience = ""};
  const base::WallTime now{std::chrono::seconds(1'767'225'600)};
  fuzz::require(!user_of_jwt(text, rules, now), "an unsigned token is refused");

  const auto end = text.find('\n');
  const auto header = text.substr(0, end);
  const auto claims = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  if (const auto user = user_of_jwt(make_token(header, claims), rules, now)) {
    fuzz::require(is_user_name(*user), "a token speaks for a user with a name");
    fuzz::require(header.find("HS256") != std::string_view::npos || header.find('\\') != std::string_view::npos,
                  "an accepted header names the one algorithm");
  }
  if (const auto bytes = decode_base64url(text)) {
    fuzz::require(encode_base64url(*bytes) == text, "one text stands for some bytes");
  }
  return 0;
}
