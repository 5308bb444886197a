#include <string>

#include "chatcore/api/handlers.h"
#include "chatcore/api/page_chat_css.h"
#include "chatcore/api/page_chat_html.h"
#include "chatcore/api/page_chat_js.h"
#include "chatcore/api/random_id.h"

namespace chatcore::api {
namespace {

// `text` with every `placeholder` replaced.
std::string filled(std::string_view text, std::string_view placeholder, std::string_view with) {
  std::string out;
  out.reserve(text.size() + with.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t found = text.find(placeholder, at);
    out += text.substr(at, found - at);
    if (found == std::string_view::npos) break;
    out += with;
    at = found + placeholder.size();
  }
  return out;
}

}  // namespace

// The page runs the one script and the one style sheet that carry this answer's nonce, talks to this server alone, and
// may not be framed: whatever an answer contains, it cannot run.
void show_page(const ApiParts& /*parts*/, const SharedCall& call) {
  static const std::string kPage = filled(filled(kPageChatHtml, "{{style}}", kPageChatCss), "{{script}}", kPageChatJs);
  const std::string nonce = random_id("");
  call->respond({.status = 200,
                 .headers = {{"content-type", "text/html; charset=utf-8"},
                             {"content-security-policy", "default-src 'none'; script-src 'nonce-" + nonce +
                                                             "'; style-src 'nonce-" + nonce +
                                                             "'; connect-src 'self'; img-src data:; base-uri 'none'; "
                                                             "form-action 'none'; frame-ancestors 'none'"},
                             {"referrer-policy", "no-referrer"}},
                 .body = filled(kPage, "{{nonce}}", nonce)});
}

}  // namespace chatcore::api
