// What an engine refuses: in its own words, and whether asking again can help.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faulty_engine.h"
#include "guard/action/engine_control.h"

namespace engine_test {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

struct Refusal {
  int status;
  std::string words;
  bool is_permanent;
};
class RefusedUpdate : public Engine, public testing::WithParamInterface<Refusal> {};
TEST_P(RefusedUpdate, IsQuotedAndSaysWhetherAskingAgainHelps) {
  engine.on("/containers/" + kId + "/update",
            answering(GetParam().status, R"({"message":")" + GetParam().words + R"("})"));
  guard::sample::Caps caps;
  caps.pids = 50;
  const auto status = guard::action::EngineControl({.socket = engine.socket()}).update_caps(kId, caps);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr(GetParam().words));
  EXPECT_EQ(guard::action::is_permanent_refusal(status.error()), GetParam().is_permanent);
}
INSTANTIATE_TEST_SUITE_P(
    Answers, RefusedUpdate,
    testing::Values(Refusal{400, "range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available", true},
                    Refusal{404, "page not found", true}, Refusal{409, "container is marked for removal", true},
                    Refusal{500, "write memory.limit_in_bytes: device or resource busy", true},
                    Refusal{500, "kernel does not support: Operation Not Supported", true},
                    Refusal{500, "containerd is restarting", false}, Refusal{503, "try again", false},
                    Refusal{429, "too many requests", false}));

TEST_F(Engine, ThatCannotBeReachedOrHangsIsNoPermanentRefusal) {
  guard::sample::Caps caps;
  caps.pids = 50;
  const auto away = guard::action::EngineControl({.socket = "/nowhere"}).update_caps(kId, caps);
  EXPECT_FALSE(guard::action::is_permanent_refusal(away.error()));
  engine.on("/containers/" + kId + "/update", hang);
  const auto hung =
      guard::action::EngineControl({.socket = engine.socket(), .timeout = milliseconds(200)}).update_caps(kId, caps);
  EXPECT_FALSE(guard::action::is_permanent_refusal(hung.error()));
}

TEST_F(Engine, ThatIsPodmanIsAskedInItsOwnWay) {
  engine.on("/version", answering(200, R"({"Components":[{"Name":"Podman Engine","Version":"4.3.1"}]})"));
  engine.on("/v4.0.0/libpod/containers/" + kId + "/update", answering(201, kId));
  guard::sample::Caps caps;
  caps.pids = 50;
  EXPECT_TRUE(guard::action::EngineControl({.socket = engine.socket()}).update_caps(kId, caps));
  EXPECT_THAT(engine.asked("/v4.0.0/libpod/"), SizeIs(1));
  EXPECT_THAT(engine.asked("/containers/" + kId + "/update"), SizeIs(0));
}

}  // namespace
}  // namespace engine_test
