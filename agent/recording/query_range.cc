#include "agent/recording/query_range.h"

#include <cmath>
#include <map>
#include <vector>

#include <nlohmann/json.hpp>

#include "agent/recording/fields.h"

namespace agent::recording {
namespace {

using base::Code;
using nlohmann::json;

// Takes the document's events in their order. path() says where it is; among the samples, of which there may be
// millions, only the depth is looked at.
class Answer : public nlohmann::json_sax<json> {
 public:
  explicit Answer(const Sink& sink) : sink_(sink) {}

  bool start_object(std::size_t) override { return enter(Level::object); }
  bool end_object() override { return leave(); }
  bool start_array(std::size_t) override { return enter(Level::array); }
  bool end_array() override { return leave(); }
  bool key(string_t& name) override {
    levels_.back().name = name;
    return true;
  }
  bool null() override { return scalar(); }
  bool boolean(bool) override { return scalar(); }
  bool number_integer(number_integer_t value) override { return number(static_cast<double>(value)); }
  bool number_unsigned(number_unsigned_t value) override { return number(static_cast<double>(value)); }
  bool number_float(number_float_t value, const string_t&) override { return number(value); }
  bool binary(binary_t&) override { return scalar(); }
  bool string(string_t& value) override {
    if (is_among_pairs()) return take(value);
    const std::string way = path();
    if (way == "/status") status_ = value;
    if (way == "/error") failure_ = value;
    if (way == "/data/resultType") type_ = value;
    if (way == "/data/result/[]/metric/" + levels_.back().name) labels_[levels_.back().name] = value;
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const json::exception& error) override {
    return refuse(std::string("no JSON: ") + error.what());
  }

  // What is wrong with the whole, once it was read.
  base::Status result() const {
    if (error_) return base::fail(*error_);
    if (!failure_.empty()) return base::fail(Code::corrupt, "Prometheus answered with an error: " + failure_);
    if (status_ != "success" || type_ != "matrix")
      return base::fail(Code::corrupt, "no successful answer of query_range: status and a matrix are missing");
    return {};
  }

 private:
  static constexpr std::size_t kDeepest = 32;
  struct Level {
    enum Kind { object, array } kind = object;
    std::string name;  // of the member that is being read
  };

  [[nodiscard]] std::string path() const {
    std::string way;
    for (const auto& level : levels_) way += level.kind == Level::array ? "/[]" : "/" + level.name;
    return way;
  }
  bool refuse(const std::string& what) {
    if (!error_) error_ = base::Error{Code::corrupt, what};
    return false;
  }
  [[nodiscard]] bool is_among_pairs() const { return pairs_at_ != 0; }
  [[nodiscard]] bool is_in_pair() const { return is_among_pairs() && levels_.size() == pairs_at_ + 1; }

  bool enter(Level::Kind kind) {
    if (is_in_pair() || (is_among_pairs() && kind == Level::object)) return scalar();
    if (levels_.size() == kDeepest) return refuse("nested too deeply for an answer of query_range");
    levels_.push_back({kind, ""});
    if (is_among_pairs()) {
      place_ = 0, ++count_;
      return true;
    }
    const std::string way = path();
    if (way == "/data/result/[]/") labels_.clear(), count_ = 0, has_metric_ = false;
    if (way == "/data/result/[]/metric/") has_metric_ = true;
    if (way == "/data/result/[]/values/[]") name_ = name_of(labels_), pairs_at_ = levels_.size();
    return true;
  }
  bool leave() {
    if (is_in_pair() && place_ != 2) return scalar();
    if (levels_.size() == pairs_at_) pairs_at_ = 0;
    levels_.pop_back();
    return true;
  }
  // Where a time and a value in quotes belong, nothing else may stand.
  bool scalar() { return !is_among_pairs() || refuse(where() + "not a pair of a time and a value in quotes"); }
  bool number(double value) {
    if (!is_in_pair() || place_++ != 0) return scalar();
    if (!std::isfinite(value)) return refuse(where() + "no time");
    sample_.seconds = value;
    return true;
  }
  bool take(const std::string& text) {
    if (!is_in_pair() || place_++ != 1) return scalar();
    if (!has_metric_) return refuse("values before the labels they belong to");
    sample_.series = name_;
    sample_.bytes = number_of(text);
    if (!sample_.bytes && !is_missing(text)) return refuse(where() + "'" + text + "' is not a number");
    const auto taken = sink_(sample_);
    return taken || refuse(where() + taken.error().message);
  }
  [[nodiscard]] std::string where() const { return name_ + ": value " + std::to_string(count_) + ": "; }

  static std::string name_of(const std::map<std::string, std::string>& labels) {
    std::string name, list;
    for (const auto& [key, value] : labels) {
      if (key == "__name__")
        name = value;
      else
        list += (list.empty() ? "" : ",") + key + "=\"" + value + "\"";
    }
    return list.empty() && !name.empty() ? name : name + "{" + list + "}";
  }

  const Sink& sink_;
  std::vector<Level> levels_;
  std::map<std::string, std::string> labels_;
  RecordedSample sample_;
  std::string name_, status_, type_, failure_;
  std::uint64_t count_ = 0;   // values of this series so far
  std::size_t pairs_at_ = 0;  // the depth of the array of values that is being read; 0: none
  int place_ = 0;
  bool has_metric_ = false;
  std::optional<base::Error> error_;
};

}  // namespace

base::Status read_query_range(std::istream& in, const Sink& sink) {
  Answer answer(sink);
  json::sax_parse(in, &answer);
  return answer.result();
}

}  // namespace agent::recording
