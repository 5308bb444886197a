#pragma once
// The HTTP server's account in the one budget.

#include <cstddef>
#include <functional>
#include <utility>

#include "base/http_memory.h"
#include "chatcore/memory/budget.h"

namespace chatcore::memory {

class ServerMemory final : public base::HttpMemory {
 public:
  // `refused` is called, on any thread, each time the budget has no room for a connection or a request.
  ServerMemory(Budget& budget, std::function<void()> refused) : budget_(budget), refused_(std::move(refused)) {}

  bool take(Kind kind, std::size_t bytes) override {
    const bool taken = budget_.take(account_of(kind), count(bytes));
    if (!taken) refused_();
    return taken;
  }
  void add(Kind kind, std::size_t bytes) override { budget_.add(account_of(kind), count(bytes)); }
  void give_back(Kind kind, std::size_t bytes) override { budget_.give_back(account_of(kind), count(bytes)); }

 private:
  static base::Bytes count(std::size_t bytes) { return {static_cast<std::int64_t>(bytes)}; }
  static Account account_of(Kind kind) {
    switch (kind) {
      case Kind::connections: return Account::connections;
      case Kind::requests: return Account::requests;
      case Kind::answers: break;
    }
    return Account::answers;
  }

  Budget& budget_;
  const std::function<void()> refused_;
};

}  // namespace chatcore::memory
