#include "chatcore/memory/budget.h"

namespace chatcore::memory {
namespace {

// Room that others found and took in the meantime is looked for again so often; a thread that loses every time is as
// badly off as one that found none.
constexpr int kAttempts = 16;

}  // namespace

std::string_view name_of(Account account) {
  switch (account) {
    case Account::conversations: return "conversations";
    case Account::turns: return "turns";
    case Account::requests: return "requests";
    case Account::answers: return "answers";
    case Account::connections: return "connections";
    case Account::caches: return "caches";
  }
  return "conversations";
}

// What is not admitted yet leaves a reserve for what is: a request that was read can still become a turn, and a started
// turn can still keep its answer.
std::int64_t Budget::bound_of(Account account) const {
  const std::int64_t limit = limit_.load(std::memory_order_relaxed);
  if (limit == base::Bytes::unlimited().count) return limit;
  switch (account) {
    case Account::connections:
    case Account::requests:
    case Account::caches: return limit - limit / 8;
    case Account::turns: return limit - limit / 16;
    default: return limit;
  }
}

bool Budget::take_free(Account account, base::Bytes bytes) {
  if (!may_have_room(account, bytes)) return false;
  const std::int64_t limit = limit_.load(std::memory_order_relaxed);
  std::int64_t used = used_.load(std::memory_order_relaxed);
  do {
    if (bytes.count > limit - used) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes.count));
  at(account).fetch_add(bytes.count, std::memory_order_relaxed);
  return true;
}

bool Budget::take(Account account, base::Bytes bytes) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (take_free(account, bytes)) return true;
    // What can never fit does not push everybody out.
    if (!reclaim_ || !may_have_room(account, bytes)) return false;
    if (!reclaim_(bytes)) return false;
  }
  return false;
}

bool Budget::add(Account account, base::Bytes bytes) {
  at(account).fetch_add(bytes.count, std::memory_order_relaxed);
  const std::int64_t used = used_.fetch_add(bytes.count) + bytes.count;
  if (used <= limit_.load(std::memory_order_relaxed)) return true;
  return reclaim_ && reclaim_(base::Bytes{0});
}

void Budget::give_back(Account account, base::Bytes bytes) {
  at(account).fetch_sub(bytes.count, std::memory_order_relaxed);
  used_.fetch_sub(bytes.count);
}

Balance Budget::balance() const {
  Balance balance{.used = used(), .limit = limit(), .configured = configured()};
  for (std::size_t i = 0; i < kAccounts; ++i) balance.held[i] = held(static_cast<Account>(i));
  return balance;
}

bool Budget::may_have_room(Account account, base::Bytes bytes) const {
  return bytes.count <= bound_of(account) - (used() - idle()).count;
}

}  // namespace chatcore::memory
