#include "base/http_receipt.h"

#include <utility>

namespace base {

HttpReceipt::Step HttpReceipt::fail(int status) {
  failure_status_ = status;
  return Step::failed;
}

bool HttpReceipt::count(std::size_t bytes) {
  if (is_large_) return held_.hold(bytes);
  held_.hold_regardless(bytes);
  return true;
}

void HttpReceipt::lend(std::string_view bytes) {
  if (received_.empty())
    lent_ = bytes;
  else
    received_.append(bytes);
}

void HttpReceipt::keep_rest() {
  if (!lent_.empty()) received_.append(std::exchange(lent_, {}));
  if (received_.empty()) received_.shrink_to_fit();  // an idle connection holds nothing
}

HttpReceipt::Step HttpReceipt::read() {
  if (!parser_) parser_.emplace(options_.max_header_bytes, options_.max_body_bytes);
  std::size_t taken = 0;
  const Step step = parser_->feed(received_.empty() ? lent_ : received_, taken);
  if (received_.empty())
    lent_.remove_prefix(taken);
  else
    received_.erase(0, taken);
  const std::size_t so_far = parser_->held_bytes();
  switch (step) {
    case Step::failed: return fail(parser_->failure_status());
    case Step::done: return count(so_far) ? step : fail(503);
    case Step::need_more: keep_rest(); return count(so_far + received_.capacity()) ? step : fail(503);
    case Step::header_done: break;
  }
  const auto declared = parser_->declared_bytes();
  is_large_ = !declared || *declared > kSmallBodyBytes;
  // Room for all of the body is asked for before the client is told to send it, but counted only as it comes: who
  // merely declares a large one takes no room from others.
  return count(so_far + declared.value_or(0)) && count(so_far) ? step : fail(503);
}

HttpReceipt::Request HttpReceipt::take() {
  Request taken{parser_->take(), std::move(held_), parser_->keep_alive(), parser_->is_http_1_0()};
  parser_.reset();
  is_large_ = false;
  return taken;
}

void HttpReceipt::drop() {
  received_ = {};
  lent_ = {};
  parser_.reset();
  is_large_ = false;
  static_cast<void>(held_.hold(0));
}

}  // namespace base
