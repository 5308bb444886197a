#include "chatcore/retrieval/text_splitter.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/utf8.h"

namespace chatcore::retrieval {
namespace {

constexpr std::string_view kWhiteSpace = " \t\r\n\f\v";
using Separators = std::span<const std::string_view>;
constexpr auto kParagraphEnds = std::to_array<std::string_view>({"\n\n", "\n\r\n"});
constexpr auto kLineEnds = std::to_array<std::string_view>({"\n"});
constexpr auto kSentenceEnds = std::to_array<std::string_view>({". ", "! ", "? ", "。", "！", "？", "؟ "});
constexpr auto kWordEnds = std::to_array<std::string_view>({" ", "\t"});

// The position right after the last (first) of the separators in `text`; npos when there is none.
std::size_t after_last(std::string_view text, Separators separators) {
  std::size_t best = std::string_view::npos;
  for (const std::string_view separator : separators) {
    const std::size_t found = text.rfind(separator);
    if (found == std::string_view::npos) continue;
    const std::size_t after = found + separator.size();
    best = best == std::string_view::npos ? after : std::max(best, after);
  }
  return best;
}

std::size_t after_first(std::string_view text, Separators separators) {
  std::size_t best = std::string_view::npos;
  for (const std::string_view separator : separators) {
    const std::size_t found = text.find(separator);
    if (found != std::string_view::npos) best = std::min(best, found + separator.size());
  }
  return best;
}

// Where the chunk that begins at `begin` ends: at the best break of its second half.
std::size_t find_end(std::string_view text, std::size_t begin, std::size_t chunk_size) {
  const std::size_t limit = base::forward_code_points(text, begin, chunk_size);
  if (limit == text.size()) return limit;
  const std::size_t middle = base::forward_code_points(text, begin, chunk_size - chunk_size / 2);
  const std::string_view second_half = text.substr(middle, limit - middle);
  for (const Separators ends :
       {Separators(kParagraphEnds), Separators(kLineEnds), Separators(kSentenceEnds), Separators(kWordEnds)}) {
    const std::size_t after = after_last(second_half, ends);
    if (after != std::string_view::npos) return middle + after;
  }
  return limit;
}

// Where the next chunk begins, at most `overlap` before `end`: with a line or sentence if one begins there, else with
// a word, so that no chunk opens in the middle of one.
std::size_t find_next_begin(std::string_view text, std::size_t end, std::size_t overlap) {
  const std::size_t earliest = base::back_code_points(text, end, overlap);
  const std::string_view repeated = text.substr(earliest, end - earliest);
  const std::size_t line = after_first(repeated, kLineEnds);
  const std::size_t sentence = after_first(repeated, kSentenceEnds);
  for (const std::size_t after : {std::min(line, sentence), after_first(repeated, kWordEnds)}) {
    if (after < repeated.size()) return earliest + after;
  }
  return earliest;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kWhiteSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kWhiteSpace) - first + 1);
}

const char* end_of(std::string_view chunk) { return chunk.data() + chunk.size(); }

}  // namespace

std::vector<std::string_view> split_text(std::string_view text, const SplitOptions& options) {
  const std::size_t chunk_size = std::max<std::size_t>(options.chunk_size, 1);
  // Below half a chunk, so that the next chunk always begins after this one did.
  const std::size_t overlap = std::min(options.overlap, (chunk_size - 1) / 2);
  std::vector<std::string_view> chunks;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = find_end(text, begin, chunk_size);
    const std::string_view chunk = trimmed(text.substr(begin, end - begin));
    // Where white space follows a chunk, the next one may hold nothing but what was repeated.
    const bool is_repeat = !chunks.empty() && end_of(chunk) <= end_of(chunks.back());
    if (!chunk.empty() && !is_repeat) chunks.push_back(chunk);
    begin = end == text.size() ? end : find_next_begin(text, end, overlap);
  }
  return chunks;
}

}  // namespace chatcore::retrieval
