// Prometheus's query_range answer, for `leakguard analyze`.

#include <cstdlib>

#include <nlohmann/json.hpp>

#include "agent/recorded_series.h"

namespace agent {

base::Status read_query_range(const std::string& document, const RecordedSink& sink) {
  using nlohmann::json;
  try {
    const json answer = json::parse(document);
    if (answer.at("status") != "success" || answer.at("data").at("resultType") != "matrix")
      return base::fail(base::Code::corrupt, "no successful answer of query_range with a matrix in it");
    for (const json& result : answer.at("data").at("result")) {
      RecordedSample sample;
      sample.series = result.at("metric").dump();
      for (const json& pair : result.at("values")) {
        ++sample.line;
        const auto text = pair.at(1).get<std::string>();
        char* end = nullptr;
        const double value = std::strtod(text.c_str(), &end);
        sample.seconds = pair.at(0).get<double>();
        sample.bytes.reset();
        if (text.empty() || *end != '\0')
          return base::fail(base::Code::corrupt, sample.series + ": '" + text + "' is no number");
        if (value == value) sample.bytes = value;
        if (const auto taken = sink(sample); !taken)
          return base::fail(taken.error().within(sample.series + ": value " + std::to_string(sample.line)));
      }
    }
  } catch (const json::exception& error) {
    return base::fail(base::Code::corrupt, std::string("not in the form of a query_range answer: ") + error.what());
  }
  return {};
}

}  // namespace agent
