#include "chatcore/config.h"

#include <array>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chatcore/config_file.h"
#include "chatcore/config_schema.h"
#include "chatcore/settings.h"
#include "tests/base/temporary_folder.h"

namespace chatcore {
namespace {

using namespace std::chrono_literals;

ConfigFile parse_files(const std::vector<base::config::ConfigText>& texts) {
  return parse_config_files(texts, [](std::string_view name) {
    return name == "SECRET" ? std::optional<std::string>("hunter2") : std::nullopt;
  });
}

LoadedConfig load_yaml(std::string_view yaml) {
  const ConfigFile file = parse_files({{"c.yml", std::string(yaml)}});
  LoadedConfig loaded = load_config(file.texts);
  loaded.errors.insert(loaded.errors.begin(), file.errors.begin(), file.errors.end());
  return loaded;
}

std::vector<std::string> places_of(const LoadedConfig& loaded) {
  std::vector<std::string> places;
  for (const auto& error : loaded.errors) places.push_back(error.where);
  return places;
}

TEST(Config, DefaultsAreThoseOfTheContract) {
  const LoadedConfig loaded = load_config({});
  EXPECT_TRUE(loaded.errors.empty());
  const Config& config = loaded.config;
  EXPECT_EQ(config.listen, "127.0.0.1:8080");
  EXPECT_EQ(config.database.url, "sqlite://./data/chatcore.db");
  EXPECT_EQ(config.conversation.time_to_live, 2h);
  EXPECT_EQ(config.conversation.sweep_interval, 30min);
  EXPECT_EQ(config.conversation.max_messages, 50U);
  EXPECT_FALSE(config.conversation.memory_budget);
  EXPECT_EQ(config.retrieval.top, 5U);
  EXPECT_DOUBLE_EQ(config.retrieval.threshold, 0.1);
}

TEST(Config, FlagsAndVariablesOfSettingsAreUnique) {
  std::set<std::string> names;
  for (const Setting& setting : settings()) {
    names.insert(flag_of(setting));
    names.insert(environment_of(setting));
  }
  EXPECT_EQ(names.size(), 2 * settings().size());
}

TEST(Config, ALaterSourceWins) {
  const LoadedConfig loaded = load_config({{"conversation.ttl", "1h", "file"}, {"conversation.ttl", "5s", "flag"}});
  EXPECT_EQ(loaded.config.conversation.time_to_live, 5s);
}

TEST(Config, AWrongValueIsReportedAlsoWhereALaterOneHidesIt) {
  const LoadedConfig loaded = load_config({{"conversation.ttl", "1", "file"}, {"conversation.ttl", "5s", "flag"}});
  EXPECT_EQ(places_of(loaded), std::vector<std::string>{"file"});
}

TEST(Config, OffTurnsEveryBoundOff) {
  const LoadedConfig loaded = load_yaml(
      "conversation: {ttl: off, sweep_interval: off, max_messages: off, memory_budget: off}\n"
      "limits: {max_turns: off, max_bytes_in_flight: 0, max_answer: off, max_body: off, max_connections: off}\n");
  EXPECT_TRUE(loaded.errors.empty());
  const Config& config = loaded.config;
  EXPECT_EQ(config.conversation.time_to_live, 0s);
  EXPECT_EQ(config.conversation.max_messages, 0U);
  EXPECT_EQ(config.limits.max_turns, 0U);
  EXPECT_TRUE(effective_budget(config, base::mebibytes(512)).is_unlimited());
}

TEST(Config, ReadsVariablesThatNameASettingAndLeavesOthersAlone) {
  const std::array<const char*, 4> environment{"CHATCORE_CONVERSATION_TTL=3s", "CHATCORE_PORT=tcp://10.0.0.1:80",
                                               "PATH=/bin", nullptr};
  const auto texts = settings_of_environment(environment.data());
  ASSERT_EQ(texts.size(), 1U);
  EXPECT_EQ(texts[0].name, "conversation.ttl");
  EXPECT_EQ(texts[0].text, "3s");
  EXPECT_EQ(texts[0].where, "CHATCORE_CONVERSATION_TTL");
}

TEST(Config, AVariableThatIsAllButASettingIsRemarkedOn) {
  const std::array<const char*, 8> environment{"CHATCORE_LISTN=:80",      "CHATCORE_AUTH_KEY_FILE=/k",
                                               "CHATCORE_LISTEN=:80",     "CHATCORE_CONFIG=/c.yml",
                                               "CHATCORE_PORT=80",        "CHATCORE_KEY=x",
                                               "CHATCORE_SERVICE_HOST=h", nullptr};
  const auto slips = slips_of_environment(environment.data());
  ASSERT_EQ(slips.size(), 2U);
  EXPECT_EQ(slips[0].where, "CHATCORE_LISTN");
  EXPECT_EQ(slips[0].message, "no such setting, so it has no effect; did you mean CHATCORE_LISTEN?");
  EXPECT_EQ(slips[1].where, "CHATCORE_AUTH_KEY_FILE");
}

TEST(Config, ABackendsSettingsWithoutItsAddressAreRemarkedOn) {
  Config config;
  config.llm.model = "gpt";
  EXPECT_EQ(idle_settings(config).at(0).where, "llm.model");
  config.llm.base_url = "http://127.0.0.1:9/v1";
  EXPECT_TRUE(idle_settings(config).empty());
  config.embeddings.api_key_file = "/key";
  EXPECT_EQ(idle_settings(config).at(0).where, "embeddings.api_key_file");
  config = {};
  config.llm.system_prompt = "Be kind.";
  EXPECT_EQ(idle_settings(config).at(0).where, "llm.system_prompt");
}

TEST(Config, WhatATokenMustHaveIsRemarkedOnWhereNoneIsTaken) {
  Config config;
  config.auth.keys_file = "/keys";
  config.auth.jwt_audience = "chat";
  EXPECT_EQ(idle_settings(config).at(0).where, "auth.jwt_audience");
  config.auth.jwt_secret_file = "/secret";
  EXPECT_TRUE(idle_settings(config).empty());
}

TEST(ConfigFile, TellsAllErrorsWithLineAndColumn) {
  const LoadedConfig loaded = load_yaml(
      "listen: nowhere\n"
      "conversation:\n"
      "  tll: 2h\n"
      "  max_messages: many\n"
      "log: {level: loud}\n");
  EXPECT_EQ(places_of(loaded), (std::vector<std::string>{"c.yml:3:3", "c.yml:1:9", "c.yml:4:17", "c.yml:5:14"}));
}

TEST(ConfigFile, AnUnknownKeyIsToldTheNearestValidOne) {
  EXPECT_EQ(load_yaml("conversation: {tll: 2h}").errors.at(0).message,
            "conversation.tll: unknown key \"tll\"; did you mean \"ttl\"?");
  EXPECT_EQ(load_yaml("databse: {url: x}").errors.at(0).message,
            "databse: unknown key \"databse\"; did you mean \"database\"?");
}

TEST(ConfigFile, AKeyLikeNoOtherIsToldAllOfItsSection) {
  EXPECT_EQ(load_yaml("admin: {zzzzzzzzzzzzzzzz: 1}").errors.at(0).message,
            "admin.zzzzzzzzzzzzzzzz: unknown key \"zzzzzzzzzzzzzzzz\"; valid keys: token_file, allow_remote");
}

TEST(ConfigFile, AKeyGivenTwiceIsAnError) {
  EXPECT_EQ(places_of(load_yaml("listen: 127.0.0.1:1\nlisten: 127.0.0.1:2\n")), std::vector<std::string>{"c.yml:2:1"});
}

TEST(ConfigFile, ShapesThatDoNotFitAreErrors) {
  EXPECT_EQ(load_yaml("listen: {a: b}").errors.at(0).message, "listen: expected text, found keys with values");
  EXPECT_EQ(load_yaml("listen: [a, b]").errors.at(0).message, "listen: expected text, found a list");
  EXPECT_EQ(load_yaml("allowed_hosts: [a, {b: c}]").errors.at(0).message,
            "allowed_hosts[1]: expected text, found keys with values");
  EXPECT_EQ(load_yaml("limits: 7").errors.size(), 1U);
  EXPECT_EQ(load_yaml("- a\n- b").errors.size(), 1U);
  EXPECT_EQ(load_yaml("[1, 2]: 3").errors.size(), 1U);
  EXPECT_EQ(load_yaml("a: [1\n").errors.size(), 1U);
}

TEST(ConfigFile, SeveralValuesMayBeAList) {
  const std::vector<std::string> hosts{"a.example", "b.example"};
  EXPECT_EQ(load_yaml("allowed_hosts: [a.example, b.example]").config.allowed_hosts, hosts);
  EXPECT_EQ(load_yaml("allowed_hosts: a.example, b.example").config.allowed_hosts, hosts);
  EXPECT_TRUE(load_yaml("allowed_hosts: []").config.allowed_hosts.empty());
  for (const char* item : {"'a.example,b.example'", "''", "'a b'"}) {
    const auto errors = load_yaml("allowed_hosts: [c.example, " + std::string(item) + "]").errors;
    ASSERT_EQ(errors.size(), 1U) << item;
    EXPECT_EQ(errors[0].where, "c.yml:1:28");
  }
}

TEST(ConfigFile, VariablesAreExpandedAndTheirValuesNotRepeated) {
  EXPECT_EQ(load_yaml("database: {url: 'postgresql://u:${SECRET}@h/d'}").config.database.url,
            "postgresql://u:hunter2@h/d");
  EXPECT_EQ(load_yaml("llm: {model: 'a$$b$c'}").config.llm.model, "a$b$c");
  const auto unset = load_yaml("llm: {model: '${NOWHERE}'}").errors.at(0);
  EXPECT_EQ(unset.where, "c.yml:1:14");
  EXPECT_EQ(unset.message, "llm.model: the environment variable NOWHERE is not set");
  for (const char* yaml : {"limits: {max_turns: '${SECRET}'}", "allowed_hosts: ['https://${SECRET}']",
                           "conversation: {ttl: '${SECRET}'}", "log: {level: '${SECRET}'}"}) {
    const auto wrong = load_yaml(yaml).errors.at(0).message;
    EXPECT_THAT(wrong, testing::HasSubstr("${SECRET}"));
    EXPECT_THAT(wrong, testing::Not(testing::HasSubstr("hunter2")));
  }
}

TEST(ConfigFile, AFragmentWinsOverWhatIsReadBefore) {
  const ConfigFile file =
      parse_files({{"c.yml", "log: {level: debug, format: json}"}, {"conf.d/1.yml", "log: {level: error}", true}});
  const LoadedConfig loaded = load_config(file.texts);
  EXPECT_EQ(loaded.texts.at("log.level"), "error");
  EXPECT_EQ(loaded.texts.at("log.format"), "json");
  EXPECT_EQ(parse_files({{"c.yml", ""}, {"conf.d/1.yml", "lisen: x", true}}).errors.at(0).where, "conf.d/1.yml:1:1");
}

TEST(ConfigFile, TheShippedSchemaIsTheOneOfTheTable) {
  EXPECT_EQ(base::TemporaryFolder::read(FIXTURES "/../../configs/chatcore.schema.json"), config_schema())
      << "write it anew: chatcore check-config --schema > configs/chatcore.schema.json";
}

TEST(ConfigFile, AnEmptyFileOrSectionIsFine) {
  EXPECT_TRUE(load_yaml("").errors.empty());
  EXPECT_TRUE(load_yaml("# nothing\n").errors.empty());
  EXPECT_TRUE(load_yaml("limits:\n").errors.empty());
}

TEST(Settings, NumbersOutsideTheirRangeAreRefusedAndTheirEndsTaken) {
  const auto errors = [](const char* name, const char* text) { return load_config({{name, text, "x"}}).errors.size(); };
  EXPECT_EQ(errors("retrieval.threshold", "1"), 0U);
  EXPECT_EQ(errors("retrieval.threshold", "-1"), 0U);
  EXPECT_EQ(errors("retrieval.threshold", "1.01"), 1U);
  EXPECT_EQ(errors("retrieval.threshold", "nan"), 1U);
  EXPECT_EQ(errors("threads", "256"), 0U);
  EXPECT_EQ(errors("threads", "257"), 1U);
  EXPECT_EQ(errors("threads", "0"), 1U);
  EXPECT_EQ(errors("listen", "127.0.0.1:65535"), 0U);
  EXPECT_EQ(errors("listen", "127.0.0.1:65536"), 1U);
  EXPECT_EQ(errors("listen", ":8080"), 0U);
  EXPECT_EQ(errors("listen", "[::1]:8080"), 0U);
  EXPECT_EQ(errors("listen", "localhost:8080"), 1U);
  EXPECT_EQ(errors("listen", "::1:8080"), 1U);
  EXPECT_EQ(errors("listen", "127.0.0.256:8080"), 1U);
  EXPECT_EQ(errors("llm.max_tokens_field", "max_completion_tokens"), 0U);
  EXPECT_EQ(errors("llm.max_tokens_field", "max_output_tokens"), 1U);
  EXPECT_EQ(errors("conversation.memory_budget", "256"), 1U);
  EXPECT_EQ(errors("conversation.memory_budget", "63k"), 1U);
  EXPECT_EQ(errors("conversation.memory_budget", "64k"), 0U);
  EXPECT_EQ(errors("conversation.memory_budget", "0"), 0U);
  EXPECT_EQ(errors("conversation.max_messages", "-1"), 1U);
  EXPECT_EQ(errors("conversation.max_messages", "5x"), 1U);
  EXPECT_EQ(errors("database.url", "sqlite://"), 1U);
  EXPECT_EQ(errors("database.url", "mysql://x"), 1U);
}

TEST(Settings, LimitsOfAUserHaveBoundsThatMakeSense) {
  const auto errors = [](const char* name, const char* text) { return load_config({{name, text, "x"}}).errors.size(); };
  EXPECT_EQ(errors("limits.user_rate", "off"), 0U);
  EXPECT_EQ(errors("limits.user_rate", "0.0001"), 0U);
  EXPECT_EQ(errors("limits.user_rate", "0.00001"), 1U) << "less than a request a day";
  EXPECT_EQ(errors("limits.user_rate", "-1"), 1U);
  EXPECT_EQ(errors("limits.user_burst", "1"), 0U);
  EXPECT_EQ(errors("limits.user_burst", "0"), 1U);
  EXPECT_EQ(errors("limits.user_burst", "10000"), 0U);
  EXPECT_EQ(errors("limits.user_burst", "10001"), 1U);
}

TEST(Settings, NamesArePartedByCommasAndSpaces) {
  const auto hosts = [](const char* text) { return load_config({{"allowed_hosts", text, "x"}}).config.allowed_hosts; };
  EXPECT_EQ(hosts(" a.example, b.example,,c "), (std::vector<std::string>{"a.example", "b.example", "c"}));
  EXPECT_TRUE(hosts(" , ").empty());
}

TEST(Settings, AHostIsABareName) {
  const auto errors = [](const char* text) { return load_config({{"allowed_hosts", text, "x"}}).errors.size(); };
  EXPECT_EQ(errors("chat.example.com, 192.0.2.1, 2001:db8::1"), 0U);
  for (const char* wrong :
       {"https://chat.example.com", "chat.example.com:443", "*.example.com", "[2001:db8::1]", "*"}) {
    EXPECT_EQ(errors(wrong), 1U) << wrong;
  }
}

TEST(Loopback, IsThisMachinesOwnAddressesAlone) {
  for (const char* own : {"127.0.0.1:8080", "127.1.2.3:1", "[::1]:8080"}) EXPECT_TRUE(is_loopback(own)) << own;
  for (const char* others : {":8080", "0.0.0.0:8080", "[::]:8080", "192.0.2.1:80", "[::12]:80", "12.7.0.0:1"}) {
    EXPECT_FALSE(is_loopback(others)) << others;
  }
}

TEST(Summary, NeedsALanguageModelAndRoomInThePrompt) {
  const auto faults = [](std::vector<SettingText> texts) {
    texts.push_back({"conversation.summary", "true", "x"});
    std::string found;
    for (const auto& error : check_summary(load_config(texts).config)) found += error.where + ": " + error.message;
    return found;
  };
  const SettingText model{"llm.base_url", "http://127.0.0.1:1/v1", "x"};
  EXPECT_THAT(faults({}), testing::HasSubstr("set llm.base_url"));
  EXPECT_EQ(faults({model}), "");
  EXPECT_EQ(faults({model, {"conversation.max_tokens", "1024", "x"}}), "");
  EXPECT_THAT(faults({model, {"conversation.max_tokens", "1023", "x"}}),
              testing::StartsWith("conversation.summary_size"));
  EXPECT_TRUE(check_summary(load_config({}).config).empty());
  for (const char* size : {"255", "65537", "off", "x"}) {
    EXPECT_FALSE(load_config({{"conversation.summary_size", size, "x"}}).errors.empty()) << size;
  }
}

// The settings at fault.
std::vector<std::string> authentication_faults(const std::vector<SettingText>& texts, bool on_loopback) {
  std::vector<std::string> faults;
  for (const auto& error : check_authentication(load_config(texts).config, on_loopback)) faults.push_back(error.where);
  return faults;
}

TEST(Authentication, WhoCanBeReachedFromElsewhereAsksWhoAsks) {
  using Faults = std::vector<std::string>;
  const SettingText keys{"auth.keys_file", "keys", "x"};
  const SettingText tokens{"auth.jwt_secret_file", "secret", "x"};
  const SettingText yes{"auth.required", "true", "x"};
  const SettingText no{"auth.required", "false", "x"};
  EXPECT_EQ(authentication_faults({}, true), Faults{});
  EXPECT_EQ(authentication_faults({}, false), Faults{"listen"});
  EXPECT_EQ(authentication_faults({keys}, false), Faults{});
  EXPECT_EQ(authentication_faults({tokens}, false), Faults{});
  EXPECT_EQ(authentication_faults({no}, false), Faults{});
  EXPECT_EQ(authentication_faults({yes}, true), Faults{"auth.required"});
  EXPECT_EQ(authentication_faults({yes, keys}, true), Faults{});
  EXPECT_EQ(authentication_faults({no, keys}, true), Faults{"auth.required"});
}

TEST(ChangedSettings, AreThoseWhoseTextsDiffer) {
  const LoadedConfig before = load_config({{"listen", "127.0.0.1:1", "x"}, {"limits.user_rate", "2", "x"}});
  const LoadedConfig after = load_config({{"listen", "127.0.0.1:1", "x"}, {"log.level", "debug", "x"}});
  EXPECT_EQ(changed_settings(before, after), (std::vector<std::string>{"limits.user_rate", "log.level"}));
  EXPECT_TRUE(changed_settings(after, after).empty());
}

TEST(EffectiveBudget, IsTheLessOf256MiBAndTwoFifthsOfTheLimit) {
  const Config config = load_config({}).config;
  EXPECT_EQ(effective_budget(config, base::Bytes::unlimited()), base::mebibytes(256));
  EXPECT_EQ(effective_budget(config, base::mebibytes(100)), base::mebibytes(40));
  EXPECT_EQ(effective_budget(config, base::mebibytes(640)), base::mebibytes(256));
  EXPECT_EQ(effective_budget(config, base::mebibytes(635)), base::mebibytes(254));
}

TEST(EffectiveBudget, AConfiguredOneIsTakenAsItIs) {
  const Config config = load_config({{"conversation.memory_budget", "700m", "x"}}).config;
  EXPECT_EQ(effective_budget(config, base::mebibytes(100)), base::mebibytes(700));
}

TEST(AllowedOrigins, AreTakenAsBrowsersSendThem) {
  const auto origins = [](const std::string& text) {
    return load_config({{"allowed_origins", text, "test"}}).config.allowed_origins;
  };
  EXPECT_EQ(origins("https://App.Example:443, http://localhost:3000"),
            (std::vector<std::string>{"https://app.example", "http://localhost:3000"}));
  EXPECT_EQ(origins("http://a:80 app://obsidian.md"), (std::vector<std::string>{"http://a", "app://obsidian.md"}));
  for (const char* wrong : {"app.example", "https://app.example/", "https://app.example/chat", "https://", "://a"}) {
    EXPECT_EQ(load_config({{"allowed_origins", wrong, "test"}}).errors.size(), 1U) << wrong;
  }
}

TEST(AllowedOrigins, OfEveryPageNeedKeys) {
  Config config = load_config({{"allowed_origins", "*", "test"}}).config;
  EXPECT_EQ(check_authentication(config, true).at(0).where, "allowed_origins");
  config.auth.keys_file = "keys";
  EXPECT_TRUE(check_authentication(config, true).empty());
}

TEST(Times, TooShortToBeMeantAreRefused) {
  const auto error = [](const char* name, const char* text) {
    const auto errors = load_config({{name, text, "test"}}).errors;
    return errors.empty() ? std::string() : errors.at(0).message;
  };
  for (const char* name :
       {"conversation.ttl", "conversation.sweep_interval", "llm.connect_timeout", "llm.first_byte_timeout",
        "llm.idle_timeout", "llm.total_timeout", "embeddings.total_timeout"}) {
    EXPECT_EQ(error(name, "99ms"),
              std::string(name) + ": \"99ms\" is less than the minimum of 100ms; write a unit, such as 5s or 2m");
    EXPECT_EQ(error(name, "100ms"), "");
    EXPECT_EQ(error(name, "off"), "");
  }
}

TEST(Retention, IsCheckedForWhatCannotBeMeant) {
  const auto wrong = [](const char* name, const char* text, const char* database = "sqlite://./a") {
    const auto loaded = load_config({{name, text, "test"}, {"database.url", database, "test"}});
    EXPECT_TRUE(loaded.errors.empty());
    const auto errors = check_retention(loaded.config);
    return errors.empty() ? std::string() : errors.at(0).where;
  };
  EXPECT_EQ(wrong("retention.conversations", "90d"), "");
  EXPECT_EQ(wrong("retention.conversations", "1h"), "retention.conversations") << "shorter than conversation.ttl";
  EXPECT_EQ(wrong("conversation.ttl", "60d"), "") << "longer than the default of retention.responses";
  EXPECT_EQ(wrong("retention.responses", "1ms"), "retention.responses");
  EXPECT_EQ(wrong("retention.responses", "59m"), "retention.responses");
  EXPECT_EQ(wrong("retention.responses", "1h"), "");
  EXPECT_EQ(wrong("retention.responses", "off"), "");
  EXPECT_EQ(wrong("retention.conversations", "1s"), "retention.conversations");
  EXPECT_EQ(wrong("retention.max_size", "2g"), "");
  EXPECT_EQ(wrong("retention.max_size", "2"), "retention.max_size") << "two bytes";
  EXPECT_EQ(wrong("retention.max_size", "2g", "postgresql://db/chat"), "retention.max_size");
}

}  // namespace
}  // namespace chatcore
