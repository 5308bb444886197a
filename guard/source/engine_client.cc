#include "guard/source/engine_client.h"

#include <utility>

#include "base/http_client.h"
#include "guard/source/engine_time.h"
#include "guard/source/log_lines.h"

namespace guard::source {
namespace {

using base::Code;
using base::fail;

// The host part is never resolved: the socket takes its place.
constexpr const char* kOrigin = "http://engine";
// {"type":["container"]}
constexpr const char* kContainersOnly = "&filters=%7B%22type%22%3A%5B%22container%22%5D%7D";
// An event carries all labels of its container.
constexpr std::size_t kMaxEventBytes = 1u << 20;

// The engine's own rule for names, which ids obey too. Whatever else came here would become part of a path.
bool is_reference(std::string_view container) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  return !container.empty() && container.size() <= 255 && container.front() != '.' && container.front() != '-' &&
         container.find_first_not_of(kAllowed) == std::string_view::npos;
}

base::Error refused(int status, std::string_view body, std::string_view what) {
  const Code code = status == 404                    ? Code::not_found
                    : status == 401 || status == 403 ? Code::permission_denied
                    : status == 409                  ? Code::conflict
                    : status >= 500                  ? Code::unavailable
                                                     : Code::invalid_argument;
  return base::Error{code, parse_error_message(body)}.within(std::string(what) + ": engine answered " +
                                                             std::to_string(status));
}

bool is_success(int status) { return status >= 200 && status < 300; }

}  // namespace

EngineClient::EngineClient(EngineOptions options, std::stop_token stop)
    : options_(std::move(options)), stop_(std::move(stop)) {}

base::Result<std::string> EngineClient::get(const std::string& path, std::string_view what) const {
  base::FetchRequest request;
  request.url = kOrigin + path;
  request.unix_socket = options_.socket;
  request.total_timeout = options_.timeout;
  request.max_body_bytes = options_.max_answer_bytes;
  request.stop = stop_;
  auto answer = base::fetch(request);
  if (!answer) return fail(answer.error().within(what));
  if (!is_success(answer->status)) return fail(refused(answer->status, answer->body, what));
  return std::move(answer->body);
}

base::Status EngineClient::stream(const std::string& path, std::string_view what,
                                  const std::function<bool(std::string_view)>& on_bytes) const {
  base::FetchRequest request;
  request.url = kOrigin + path;
  request.unix_socket = options_.socket;
  request.total_timeout = std::chrono::milliseconds(0);
  request.idle_timeout = options_.stream_idle;
  request.stop = stop_;
  const auto answer = base::fetch_stream(request, on_bytes);
  if (!answer) return fail(answer.error().within(what));
  if (!is_success(answer->status)) return fail(refused(answer->status, answer->body, what));
  return {};
}

base::Result<std::vector<Container>> EngineClient::list() const {
  const auto body = get("/containers/json?all=1", "list containers");
  if (!body) return fail(body.error());
  return parse_container_list(*body);
}

base::Result<Container> EngineClient::inspect(std::string_view container) const {
  if (!is_reference(container)) return fail(Code::invalid_argument, "not a container's name or id");
  const auto body = get("/containers/" + std::string(container) + "/json", "inspect container");
  if (!body) return fail(body.error());
  return parse_container(*body);
}

base::Result<sample::Resources> EngineClient::stats(std::string_view container) const {
  if (!is_reference(container)) return fail(Code::invalid_argument, "not a container's name or id");
  const auto body =
      get("/containers/" + std::string(container) + "/stats?stream=false&one-shot=true", "container statistics");
  if (!body) return fail(body.error());
  return parse_stats(*body);
}

base::Status EngineClient::follow_events(base::WallTime since,
                                         const std::function<void(const EngineEvent&)>& on_event) const {
  constexpr std::string_view kWhat = "follow engine events";
  LineSplitter lines(kMaxEventBytes);
  base::Status broken;
  const auto on_line = [&](std::string_view line) {
    if (line.empty() || !broken) return;
    const auto event = parse_event(line);
    if (!event)
      broken = fail(event.error().within(kWhat));
    else if (*event)
      on_event(**event);
  };
  const auto ended =
      stream("/events?since=" + format_engine_since(since) + kContainersOnly, kWhat, [&](std::string_view bytes) {
        lines.feed(bytes, on_line);
        return broken.has_value();
      });
  if (!broken) return broken;
  if (!ended) return ended;
  return fail(Code::unavailable, std::string(kWhat) + ": the engine closed the stream");
}

base::Status EngineClient::read_log(const LogQuestion& question,
                                    const std::function<bool(std::string_view)>& on_bytes) const {
  if (!is_reference(question.container)) return fail(Code::invalid_argument, "not a container's name or id");
  std::string path = "/containers/" + question.container +
                     "/logs?stdout=1&stderr=1&timestamps=1&since=" + format_engine_since(question.since);
  if (question.tail > 0) path += "&tail=" + std::to_string(question.tail);
  if (question.follow) path += "&follow=1";
  return stream(path, "read container log", on_bytes);
}

}  // namespace guard::source
