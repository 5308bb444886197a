#include "chatcore/api/replies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chatcore/storage/outage.h"

namespace chatcore::api {
namespace {

using testing::HasSubstr;

TEST(AssistantEvents, TextIsOneDataLineAndABlankOne) {
  EXPECT_EQ(assistant_text_event("Hello"), "data: {\"data\":\"Hello\"}\n\n");
}

TEST(AssistantEvents, LineBreaksInTextDoNotBreakTheEvent) {
  EXPECT_EQ(assistant_text_event("a\n\nb\r\"\\"), "data: {\"data\":\"a\\n\\nb\\r\\\"\\\\\"}\n\n");
}

TEST(AssistantEvents, BytesThatAreNotUtf8AreReplaced) {
  EXPECT_EQ(assistant_text_event("a\xFF"), "data: {\"data\":\"a\xEF\xBF\xBD\"}\n\n");
}

TEST(AssistantEvents, TheEndHasDataSinceABrowserDropsEventsWithout) {
  EXPECT_EQ(assistant_end_event("c", 4, false), "event: end\ndata: {\"conversationId\":\"c\",\"sequence\":4}\n\n");
  EXPECT_EQ(assistant_end_event("c", 4, true),
            "event: end\ndata: {\"conversationId\":\"c\",\"sequence\":4,\"interrupted\":true}\n\n");
}

TEST(Problems, HaveOpenAisShape) {
  EXPECT_EQ(error_json(bad_request("c", "m", "p")),
            R"({"error":{"code":"c","message":"m","param":"p","type":"invalid_request_error"}})");
  EXPECT_THAT(error_json({.status = 503, .message = "m", .code = "c"}),
              HasSubstr(R"("param":null,"type":"server_error")"));
}

TEST(Problems, AskToComeBackWhereThatHelps) {
  const auto has_retry_after = [](const base::HttpResponse& response) {
    for (const auto& [name, value] : response.headers) {
      if (name == "retry-after") return std::stoi(value) > 0;
    }
    return false;
  };
  using base::Code;
  for (const Code code : {Code::exhausted, Code::unavailable, Code::corrupt, Code::conflict}) {
    EXPECT_TRUE(has_retry_after(response_of(problem_of(base::Error{code, ""})))) << name_of(code);
  }
  for (const Refusal refusal : {Refusal::turns, Refusal::bytes, Refusal::drain}) {
    EXPECT_EQ(response_of(problem_of(refusal)).status, 503);
    EXPECT_TRUE(has_retry_after(response_of(problem_of(refusal))));
  }
  EXPECT_FALSE(has_retry_after(response_of(bad_request("c", "m"))));
}

TEST(Problems, ErrorsFromInsideDoNotShowTheirWords) {
  using base::Code;
  for (const Code code : {Code::unavailable, Code::exhausted, Code::internal, Code::corrupt, Code::permission_denied}) {
    EXPECT_THAT(error_json(problem_of(base::Error{code, "open /secret/place"})), testing::Not(HasSubstr("secret")));
  }
}

base::Error of(const std::string& side, base::Code code, base::Remote remote = {}) {
  remote.side = side;
  return {.code = code, .message = "secret", .remote = std::make_shared<const base::Remote>(remote)};
}

TEST(Problems, TheTextSaysWhichSideFailed) {
  using base::Code;
  for (const Code code :
       {Code::unavailable, Code::deadline_exceeded, Code::permission_denied, Code::invalid_argument}) {
    EXPECT_THAT(problem_of(of("the language model", code)).message, testing::StartsWith("The language model "));
    EXPECT_THAT(problem_of(of("the embeddings backend", code)).message, testing::StartsWith("The embeddings backend "));
  }
  for (const auto code : {Code::unavailable, Code::deadline_exceeded}) {
    EXPECT_THAT(problem_of(storage::as_told({code, ""})).message, testing::StartsWith("Storage "));
    EXPECT_THAT(problem_of(base::Error{code, ""}).message, testing::StartsWith("This server "));
  }
  EXPECT_EQ(problem_of(storage::as_told({Code::deadline_exceeded, ""})).code, "storage_timeout");
  EXPECT_EQ(problem_of(storage::as_told({Code::invalid_argument, "too long"})).message, "too long");
}

TEST(Problems, ARequestThatABackendRefusesIs400WithTheBackendsCode) {
  const auto named = problem_of(of("the language model", base::Code::invalid_argument,
                                   {.side = {}, .code = "bad_tool", .type = "invalid_thing", .param = "tools.0"}));
  EXPECT_EQ(named.status, 400);
  EXPECT_THAT(error_json(named), HasSubstr(R"("code":"bad_tool")"));
  EXPECT_THAT(error_json(named), HasSubstr(R"("param":"tools.0","type":"invalid_thing")"));
  const auto nameless = problem_of(of("the language model", base::Code::invalid_argument));
  EXPECT_THAT(error_json(nameless), HasSubstr(R"("param":null,"type":"invalid_request_error")"));
  EXPECT_EQ(nameless.code, "backend_refused");
  EXPECT_EQ(problem_of(of("the language model", base::Code::permission_denied)).status, 502);
}

TEST(Problems, AFullDiskABusyDatabaseAndNoMemoryAreDistinct) {
  const auto full = problem_of(storage::as_told(storage::full_disk("sqlite: disk full")));
  EXPECT_EQ(full.status, 503);
  EXPECT_EQ(full.code, "storage_full");
  EXPECT_THAT(full.message, testing::StartsWith("Storage is full"));
  const base::Error busy = storage::as_told({base::Code::exhausted, ""});
  EXPECT_THAT(problem_of(busy).message, testing::StartsWith("Storage is busy"));
  const base::Error no_memory{base::Code::exhausted, ""};
  EXPECT_THAT(problem_of(no_memory).message, testing::StartsWith("This server has no memory"));
  EXPECT_TRUE(is_out_of_memory(no_memory));
  EXPECT_FALSE(is_out_of_memory(busy));
}

TEST(Problems, AProxyThatRefusesTheSizeIsNamed) {
  const auto refused =
      problem_of(of("the language model", base::Code::too_large, {.side = {}, .code = "request_too_large"}));
  EXPECT_EQ(refused.status, 413);
  EXPECT_EQ(refused.code, "request_too_large");
  EXPECT_THAT(refused.message, testing::StartsWith("The language model is behind a proxy"));
}

TEST(BackendReport, HasTheLearnedLimits) {
  EXPECT_EQ(backend_json("m", std::nullopt), R"({"model":"m","backend":null})");
  EXPECT_EQ(backend_json("m", llm::BackendStatistics{.streams = 1,
                                                     .learned = {.context_tokens = 10,
                                                                 .fields = {{"a", ""}, {"b", "c"}},
                                                                 .no_system_role = true}}),
            R"({"model":"m","backend":{"breaker":"closed","streams":1,"waiting":0,"learned":{"context_tokens":10,)"
            R"("fields_not_taken":[{"field":"a","instead":null},{"field":"b","instead":"c"}],)"
            R"("system_message_taken":false}}})");
}

TEST(MemoryReport, WhatIsUnlimitedOrUnknownIsNull) {
  MemoryReport report;
  report.balance = {.used = {111}, .limit = base::Bytes::unlimited(), .configured = base::Bytes::unlimited()};
  report.balance.held[static_cast<std::size_t>(memory::Account::turns)] = {11};
  report.conversations.bytes = {100};
  report.conversations.budget = base::Bytes::unlimited();
  report.in_flight = {11};
  const std::string text = memory_json(report);
  EXPECT_THAT(text, HasSubstr(R"("total_bytes":111)"));
  EXPECT_THAT(text, HasSubstr(R"("budget_bytes":null)"));
  EXPECT_THAT(text, HasSubstr(R"("resident_bytes":null)"));
  EXPECT_THAT(text, HasSubstr(R"("cgroup_limit_bytes":null)"));
}

}  // namespace
}  // namespace chatcore::api
