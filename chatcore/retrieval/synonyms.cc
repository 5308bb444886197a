#include "chatcore/retrieval/synonyms.h"

#include <algorithm>
#include <unordered_map>

#include "chatcore/retrieval/words.h"

namespace chatcore::retrieval {
namespace {

// A word may stand in several groups; what one of them has in common with another group's is not carried over.
constexpr std::string_view kGroups[] = {
    "buy bought purchase acquire obtain",
    "sell sold sale",
    "money price pay paid payment fee charge cost royalty",
    "free gratis",
    "cheap inexpensive",
    "begin began begun start launch initiate first",
    "stop end ended finish terminate halt cease quit",
    "continue proceed resume",
    "allow allowed permit permitted permission may right entitle authorize",
    "forbid forbidden prohibit ban disallow deny",
    "must require required oblige obligation mandatory",
    "rule term condition policy",
    "break broke broken violate violation breach infringe",
    "guarantee warranty warrant promise",
    "sue lawsuit litigation court judge claim",
    "law legal statute",
    "agree accept consent approve",
    "refuse reject decline deny",
    "licence license",
    "contract agreement",
    "company business firm organization corporation enterprise entity",
    "author creator developer contributor writer",
    "user customer client consumer recipient people person",
    "owner holder",
    "manufacturer maker vendor producer",
    "device gadget product hardware appliance machine",
    "home household house personal dwelling",
    "share distribute redistribute convey spread propagate publish",
    "send sent submit transmit deliver",
    "give gave given provide supply grant offer",
    "get got gotten receive obtain",
    "take taken took",
    "bring brought fetch",
    "back return restore reinstate",
    "change changed modify modification alter edit adapt revise",
    "new newer later recent latest",
    "old older former previous earlier",
    "make made create build produce",
    "delete remove erase drop discard",
    "lose lost loss",
    "destroy damage harm",
    "find found locate discover",
    "search look seek",
    "see saw seen view",
    "show display present print output",
    "say said state tell told report",
    "ask request query demand",
    "answer reply respond response",
    "explain describe clarify",
    "mean meaning meant definition define",
    "call name named title",
    "write wrote written",
    "read",
    "keep kept retain preserve store hold",
    "save store persist",
    "put place attach insert add",
    "send mail",
    "use usage used utilize run",
    "run execute launch",
    "work function operate operation",
    "try attempt",
    "test check verify examine",
    "help assist support aid",
    "fix repair mend correct",
    "error mistake fault bug problem defect failure",
    "wrong bad incorrect invalid mistaken",
    "good fine okay well acceptable",
    "right correct proper valid",
    "fail failed failure crash crashed",
    "kill killed terminate",
    "big large huge great size",
    "small little tiny short",
    "long length",
    "fast quick rapid speed",
    "slow sluggish",
    "many several number count",
    "often frequent regularly regular every",
    "always ever forever perpetual permanent",
    "sometimes occasionally",
    "never",
    "whole entire complete full total",
    "part piece portion section chunk fragment",
    "overlap share common",
    "shutdown stop terminate exit",
    "update replace exchange swap",
    "docker dockerd engine",
    "postgres postgresql",
    "move migrate transfer import export",
    "live liveness alive health healthy",
    "ready readiness",
    "only sole exclusive merely",
    "together combined combine jointly mix",
    "different other another separate unrelated independent",
    "same identical equal equivalent",
    "similar alike like",
    "need necessary require",
    "important essential significant",
    "reason cause why",
    "happen occur arise",
    "become became turn",
    "computer machine host server",
    "software program application app",
    "source code",
    "config configuration settings setting",
    "folder directory",
    "document text file documentation",
    "web website page site internet online",
    "network internet",
    "browser client",
    "disk volume drive storage space",
    "memory ram",
    "secret password key credential",
    "safe secure security",
    "dangerous danger risk unsafe",
    "access reach",
    "install setup deploy",
    "update upgrade",
    "version release edition revision",
    "merge merger combine",
    "reload refresh reread",
    "restart reboot",
    "begin head",
    "decide decision choose choice chosen select",
    "throw thrown discard drop dropped",
    "empty blank none nothing",
    "full exhausted",
    "limit bound maximum cap restriction restrict",
    "increase grow growth grew rise",
    "decrease shrink reduce lower",
    "number figure amount quantity",
    "year annual",
    "day daily",
    "date time when",
    "job task",
    "employee worker staff",
    "hire employ",
    "customer buyer",
    "child children minor",
    "doctor physician",
    "car vehicle automobile",
    "city town",
    "country nation state",
    "teach teacher learn education school",
    "ill sick disease",
    "clause provision paragraph term",
    "lock block prevent stop",
    "circumvent bypass evade avoid",
    "trademark brand",
    "notice note announcement notify",
    "example sample instance",
    "list table",
    "picture image photo",
    "message mail letter",
    "talk chat conversation discuss",
    "leave left exit go gone",
    "open",
    "close closed shut",
    "wait delay pause",
    "watch observe monitor",
    "hidden hide conceal",
    "public open",
    "private confidential personal",
    "average mean typical usual normal",
};

using Synonyms = std::unordered_map<std::string, std::vector<std::string>>;

Synonyms collect() {
  Synonyms synonyms;
  for (const std::string_view group : kGroups) {
    std::vector<std::string> stems;
    for (const std::string& word : split_words(group)) stems.push_back(stem(word));
    for (const std::string& one : stems) {
      auto& others = synonyms[one];
      for (const std::string& other : stems) {
        if (other != one && std::find(others.begin(), others.end(), other) == others.end()) others.push_back(other);
      }
    }
  }
  return synonyms;
}

}  // namespace

std::span<const std::string> synonyms_of(std::string_view stemmed) {
  static const Synonyms synonyms = collect();
  const auto found = synonyms.find(std::string(stemmed));
  return found == synonyms.end() ? std::span<const std::string>() : found->second;
}

}  // namespace chatcore::retrieval
