#pragma once
// A fake engine that answers as a real one did, unless the test says otherwise, and a watch on it.

#include <chrono>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "fake_engine.h"
#include "guard/source/docker/client.h"
#include "guard/source/docker/watch.h"
#include "loop_thread.h"

namespace engine_test {

using guard::source::EngineClient;
using guard::source::EngineEvent;
using guard::source::EngineOptions;
using guard::source::EngineWatch;
using guard::source::EngineWatchOptions;
using std::chrono::milliseconds;

inline const std::string kId =
    "a7fdcd2bb992b339b7f96225f40f0a8ed65d82232ccc7fa7f284ddad9b444da1";  // "capped" in the recordings

inline std::string fixture(const std::string& name) {
  std::ifstream file(std::string(FIXTURES) + "/engine/" + name, std::ios::binary);
  EXPECT_TRUE(file) << "no fixture " << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

inline Script answering(int status, std::string body) {
  return [status, body = std::move(body)](Answer& answer) { answer.json(status, body); };
}
inline void hang(Answer& answer) { answer.hang(); }

inline std::string event(const std::string& kind, std::int64_t nanoseconds) {
  return R"({"Type":"container","Action":")" + kind + R"(","Actor":{"ID":")" + kId +
         R"(","Attributes":{"name":"capped"}},"timeNano":)" + std::to_string(nanoseconds) + "}\n";
}

class Engine : public testing::Test {
 protected:
  Engine() {
    engine.on("/containers/json", answering(200, fixture("docker_list.json")));
    engine.on("/containers/" + kId + "/json", answering(200, fixture("docker_inspect_capped.json")));
    engine.on("/events", [](Answer& answer) {
      answer.start_stream();
      answer.hang();
    });
    options.socket = engine.socket();
    options.timeout = milliseconds(500);
  }
  EngineClient client() const { return EngineClient(options); }

  FakeEngine engine;
  EngineOptions options;
};

class Watch : public Engine {
 protected:
  void start() {
    EngineWatchOptions watch_options;
    watch_options.engine = options;
    watch_options.retry_first = milliseconds(20);
    watch_options.retry_most = milliseconds(50);
    watch_options.reconcile = milliseconds(200);
    thread.on_loop([&] {
      watch = std::make_unique<EngineWatch>(watch_options, thread.loop,
                                            [this](const EngineEvent& heard) { kinds.push_back(heard.kind); });
    });
  }
  void TearDown() override {
    thread.on_loop([&] { watch.reset(); });
  }
  bool comes_true(const std::function<bool()>& condition) { return thread.comes_true(condition); }

  LoopThread thread;
  std::unique_ptr<EngineWatch> watch;  // of the loop's thread, as all below
  std::vector<std::string> kinds;
};

}  // namespace engine_test
