#pragma once
// Which way a store is searched, as configured (retrieval.index).

namespace chatcore::retrieval {

enum class IndexChoice {
  automatic,  // a store that is large gets a graph when it is made, and one that has it is searched by it
  exact,      // no graph is made and none is used
  graph,      // every store gets one
};

}  // namespace chatcore::retrieval
