#include "guard/source/docker/client.h"

#include <utility>

#include "base/http_client.h"
#include "guard/source/docker/time.h"

namespace guard::source {
namespace {

using base::Code;
using base::fail;

// The host part is never resolved: the socket takes its place.
constexpr const char* kOrigin = "http://engine";
// {"type":["container"]}
constexpr const char* kContainersOnly = "&filters=%7B%22type%22%3A%5B%22container%22%5D%7D";

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

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-~";
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char byte : text) {
    const auto code = static_cast<unsigned char>(byte);
    if (kPlain.find(byte) != std::string_view::npos)
      encoded += byte;
    else
      encoded += {'%', kDigits[code >> 4], kDigits[code & 15]};
  }
  return encoded;
}

bool is_success(int status) { return status >= 200 && status < 300; }

}  // namespace

EngineClient::EngineClient(EngineOptions options, std::stop_token stop)
    : options_(std::move(options)), stop_(std::move(stop)) {}

base::Status EngineClient::read(const std::string& path, std::string_view what,
                                const std::function<base::Status(std::string_view)>& on_bytes) const {
  base::FetchRequest request;
  request.url = kOrigin + path;
  request.unix_socket = options_.socket;
  request.total_timeout = options_.timeout;
  request.stop = stop_;
  std::size_t bytes_read = 0;
  base::Status refusal;
  const auto answer = base::fetch_stream(request, [&](std::string_view bytes) {
    bytes_read += bytes.size();
    if (bytes_read > options_.max_answer_bytes)
      refusal = fail(Code::too_large, "more than " + std::to_string(options_.max_answer_bytes) + " bytes");
    else
      refusal = on_bytes(bytes);
    return refusal.has_value();
  });
  if (!refusal) return fail(refusal.error().within(what));
  if (!answer) return fail(answer.error().within(what));
  if (!is_success(answer->status)) return fail(refused(answer->status, answer->body, what));
  return {};
}

base::Result<std::string> EngineClient::read_reduced(const std::string& path, std::string_view what,
                                                     base::JsonSieve::Keep keep) const {
  std::string reduced;
  base::JsonSieve sieve({}, std::move(keep), [&](const base::Result<std::string_view>& document) {
    if (document) reduced = *document;
  });
  if (auto all = read(path, what, [&](std::string_view bytes) { return sieve.feed(bytes); }); !all)
    return fail(all.error());
  if (auto whole = sieve.finish(); !whole) return fail(whole.error().within(what));
  return reduced;
}

base::Result<ContainerList> EngineClient::read_list(const std::string& path, ContainerListParser& parser) const {
  if (auto all = read(path, "list containers", [&](std::string_view bytes) { return parser.feed(bytes); }); !all)
    return fail(all.error());
  return parser.finish();
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

base::Result<ContainerList> EngineClient::list(const LabelKeys& keys, const ContainerListParser::Wanted& wanted) const {
  ContainerListParser parser(keys, wanted);
  return read_list("/containers/json?all=1", parser);
}

base::Result<ContainerList> EngineClient::list_labelled(const std::vector<std::string>& labels,
                                                        const LabelKeys& keys) const {
  ContainerListParser parser(keys);
  return read_list("/containers/json?all=1&filters=" + percent_encode(label_filter(labels)), parser);
}

base::Result<Container> EngineClient::inspect(std::string_view container, const LabelKeys& keys) const {
  if (!is_reference(container)) return fail(Code::invalid_argument, "not a container's name or id");
  const auto body =
      read_reduced("/containers/" + std::string(container) + "/json", "inspect container", inspected_fields(keys));
  if (!body) return fail(body.error());
  return parse_container(*body, keys);
}

base::Result<bool> EngineClient::is_podman() const {
  const auto version = read_reduced("/version", "engine version", version_fields());
  if (!version) return fail(version.error());
  return tells_of_podman(*version);
}

base::Result<sample::Resources> EngineClient::stats(std::string_view container) const {
  if (!is_reference(container)) return fail(Code::invalid_argument, "not a container's name or id");
  const auto body = read_reduced("/containers/" + std::string(container) + "/stats?stream=false&one-shot=true",
                                 "container statistics", statistics_fields());
  if (!body) return fail(body.error());
  return parse_stats(*body);
}

base::Status EngineClient::follow_events(base::WallTime since,
                                         const std::function<void(const EngineEvent&)>& on_event) const {
  constexpr std::string_view kWhat = "follow engine events";
  base::Status broken;
  base::JsonSieve sieve({}, event_fields(), [&](const base::Result<std::string_view>& told) {
    if (!broken) return;
    const auto event = told ? parse_event(*told) : base::fail(told.error());
    if (!event)
      broken = fail(event.error().within(kWhat));
    else if (*event)
      on_event(**event);
  });
  const auto ended =
      stream("/events?since=" + format_engine_since(since) + kContainersOnly, kWhat, [&](std::string_view bytes) {
        if (const auto read = sieve.feed(bytes); !read && broken) broken = fail(read.error().within(kWhat));
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
