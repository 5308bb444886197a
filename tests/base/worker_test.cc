#include "base/worker.h"

#include <array>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>

#include <gtest/gtest.h>

namespace base {
namespace {

// A job that holds its worker until let go, and tells when it has begun.
struct Hold {
  std::promise<void> begun;
  std::promise<void> let_go;
  std::function<void()> job() {
    return [this] {
      begun.set_value();
      let_go.get_future().wait();
    };
  }
};

TEST(Worker, RunsJobsInTheirOrder) {
  std::vector<int> order;
  std::promise<void> done;
  Worker worker("order", 10);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(worker.submit([&order, i] { order.push_back(i); }));
  ASSERT_TRUE(worker.submit([&done] { done.set_value(); }));
  done.get_future().wait();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}

TEST(Worker, RefusesAJobOnlyWhenTheQueueIsFull) {
  Hold hold;
  Worker worker("full", 2);
  ASSERT_TRUE(worker.submit(hold.job()));
  hold.begun.get_future().wait();  // it runs and no longer waits
  EXPECT_TRUE(worker.submit([] {}));
  EXPECT_TRUE(worker.submit([] {}));
  EXPECT_EQ(worker.waiting(), 2u);
  EXPECT_FALSE(worker.submit([] {}));
  EXPECT_EQ(worker.waiting(), 2u);
  hold.let_go.set_value();
}

// Tells when it is destroyed.
class Farewell {
 public:
  explicit Farewell(std::promise<void>& gone) : gone_(gone) {}
  ~Farewell() { gone_.set_value(); }
  Farewell(const Farewell&) = delete;
  Farewell& operator=(const Farewell&) = delete;

 private:
  std::promise<void>& gone_;
};

TEST(Worker, DropsWhatHasNotBegunWhenItIsDestroyed) {
  Hold hold;
  std::promise<void> dropped;
  bool ran = false;
  // Holds the worker until its destructor has emptied the queue.
  std::jthread release([&] {
    dropped.get_future().wait();
    hold.let_go.set_value();
  });
  {
    Worker worker("drop", 2);
    ASSERT_TRUE(worker.submit(hold.job()));
    hold.begun.get_future().wait();
    ASSERT_TRUE(worker.submit([&ran, farewell = std::make_shared<Farewell>(dropped)] { ran = true; }));
  }
  EXPECT_FALSE(ran);
}

TEST(Worker, ShowsItsNameInTheThreadList) {
  std::promise<std::string> name;
  Worker worker("a-name-longer-than-the-kernel-takes", 1);
  ASSERT_TRUE(worker.submit([&name] {
    std::array<char, 16> buffer{};
    pthread_getname_np(pthread_self(), buffer.data(), buffer.size());
    name.set_value(buffer.data());
  }));
  EXPECT_EQ(name.get_future().get(), "a-name-longer-t");
}

TEST(Worker, FreesWhatAJobOwnsBeforeTheNextOne) {
  auto owned = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = owned;
  std::promise<bool> gone;
  Worker worker("free", 2);
  ASSERT_TRUE(worker.submit([kept = std::move(owned)] {}));
  ASSERT_TRUE(worker.submit([&] { gone.set_value(watched.expired()); }));
  EXPECT_TRUE(gone.get_future().get());
}

}  // namespace
}  // namespace base
