#pragma once
// A folder for texts and the store that is made of them.

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "chatcore/retrieval/hashed_embedder.h"
#include "chatcore/retrieval/ingest.h"
#include "chatcore/retrieval/vector_file.h"
#include "tests/base/temporary_folder.h"

namespace chatcore::retrieval {

class Ingest : public ::testing::Test {
 protected:
  [[nodiscard]] IngestOptions options(std::vector<std::string> paths = {}) const {
    IngestOptions result;
    result.paths = paths.empty() ? std::vector{folder_.at("texts")} : std::move(paths);
    result.store_file = store_file_;
    return result;
  }
  [[nodiscard]] base::Result<IngestReport> run(const IngestOptions& with) const {
    return ingest(with, HashedEmbedder(), {});
  }
  [[nodiscard]] StoreContents stored() const { return read_vector_file(store_file_).value().contents(); }

  const base::TemporaryFolder folder_;
  const std::string store_file_ = folder_.at("data/vectors");
};

}  // namespace chatcore::retrieval
