#include <string>

#include "chatcore/api/chat_html.h"
#include "chatcore/api/handlers.h"
#include "chatcore/api/random_id.h"

namespace chatcore::api {
namespace {

constexpr std::string_view kPlaceholder = "{{nonce}}";

std::string with_nonce(std::string_view page, std::string_view nonce) {
  std::string text;
  text.reserve(page.size());
  for (std::size_t at = 0; at < page.size();) {
    const std::size_t found = page.find(kPlaceholder, at);
    text += page.substr(at, found - at);
    if (found == std::string_view::npos) break;
    text += nonce;
    at = found + kPlaceholder.size();
  }
  return text;
}

}  // namespace

// The page runs the one script and the one style sheet that carry this answer's nonce, talks to this server alone, and
// may not be framed: whatever an answer contains, it cannot run.
void show_page(const ApiParts& /*parts*/, const SharedCall& call) {
  const std::string nonce = random_id("");
  call->respond({.status = 200,
                 .headers = {{"content-type", "text/html; charset=utf-8"},
                             {"content-security-policy", "default-src 'none'; script-src 'nonce-" + nonce +
                                                             "'; style-src 'nonce-" + nonce +
                                                             "'; connect-src 'self'; img-src data:; base-uri 'none'; "
                                                             "form-action 'none'; frame-ancestors 'none'"},
                             {"referrer-policy", "no-referrer"}},
                 .body = with_nonce(kChatHtml, nonce)});
}

}  // namespace chatcore::api
