#include "chatcore/storage/outage.h"

#include <memory>
#include <utility>

#include "base/log.h"
#include "base/units.h"

namespace chatcore::storage {

using base::Code;

bool is_failure(Code code) { return code != Code::conflict && code != Code::not_found; }

bool is_of_the_database(Code code) {
  return is_failure(code) && code != Code::invalid_argument && code != Code::too_large;
}

base::Error full_disk(std::string message) {
  base::Error error{Code::exhausted, std::move(message)};
  error.remote =
      std::make_shared<const base::Remote>(base::Remote{.side = std::string(kSide), .code = std::string(kFullCode)});
  return error;
}

bool is_full_disk(const base::Error& error) { return error.remote && error.remote->code == kFullCode; }

base::Error as_told(base::Error error) {
  if (error.code == Code::permission_denied) error.code = Code::unavailable;
  if (!error.remote) error.remote = std::make_shared<const base::Remote>(base::Remote{.side = std::string(kSide)});
  return error;
}

void Outage::failed(const base::Error& error) {
  const std::lock_guard lock(mutex_);
  if (!is_under_way_) {
    is_under_way_ = true;
    began_ = clock_.steady_now();
    failures_ = 0;
    base::log_error("Database " + std::string(what_) + " fail", {{"error", error.message}});
  }
  ++failures_;
}

void Outage::worked() {
  if (!is_under_way_) return;
  const std::lock_guard lock(mutex_);
  if (!is_under_way_) return;
  is_under_way_ = false;
  base::log_info("Database " + std::string(what_) + " work again",
                 {{"after_seconds", base::to_seconds(clock_.steady_now() - began_)}, {"failures", failures_}});
}

}  // namespace chatcore::storage
