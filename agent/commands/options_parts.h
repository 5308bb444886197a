#pragma once
// What the command lines of all commands are parsed with. Only for options*.cc.

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/program_options.hpp>

#include "agent/commands/options.h"

namespace agent {

namespace po = boost::program_options;
using Arguments = std::vector<std::string>;

base::Error usage(const std::string& command, const std::string& what);
std::string help_text(const std::string& synopsis, const po::options_description& options);

// "; did you mean --name?" for what was probably meant; "" when nothing is near.
std::string suggestion_for(std::string_view written, std::span<const std::string_view> known,
                           std::string_view prefix = "");

// One command's options, parsed; the caller takes the values out of `values`.
struct Parsed {
  po::variables_map values;
  bool help = false;
};
base::Result<Parsed> parse(const std::string& command, const Arguments& arguments,
                           const po::options_description& visible, const char* positional, int positional_count);

std::string text_of(const po::variables_map& values, const char* name);
std::string first_of(const po::variables_map& values, const char* name);

// The flags that say what is what in a recording, and what they say.
void add_recording_flags(po::options_description& options);
recording::Columns columns_from(const po::variables_map& values);

// Takes one flag's value through its unit's parser into `target`; keeps the first error.
class Converter {
 public:
  Converter(const po::variables_map& values, std::string command) : values_(values), command_(std::move(command)) {}
  template <class Target, class Parse>
  void convert(const char* flag, Target& target, Parse parse) {
    if (values_.count(flag) == 0 || error_) return;
    auto value = parse(values_[flag].as<std::string>());
    if (value)
      target = *value;
    else
      error_ = usage(command_, std::string("--") + flag + ": " + value.error().message);
  }
  [[nodiscard]] const std::optional<base::Error>& error() const { return error_; }

 private:
  const po::variables_map& values_;
  std::string command_;
  std::optional<base::Error> error_;
};

// One command each.
base::Result<Invocation> parse_analyze(const Arguments& arguments);
base::Result<Invocation> parse_replay(const Arguments& arguments);
base::Result<Invocation> parse_drill(const Arguments& arguments);
base::Result<Invocation> parse_history(const Arguments& arguments);
base::Result<Invocation> parse_try_pattern(const Arguments& arguments);

}  // namespace agent
