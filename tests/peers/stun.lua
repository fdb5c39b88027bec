-- Debian's stun 0.97 (RFC 3489), behind each kind of NAT, asks our server and coturn's.  It knows
-- two kinds of mapping only, and looks at no filter where the mapping depends on anything.
local kinds = {
  ["ei-ei"]  = "Independent Mapping, Independent Filter",
  ["ei-ad"]  = "Independent Mapping, Address Dependent Filter",
  ["ei-apd"] = "Independent Mapping, Port Dependent Filter",
}
kinds["full-cone"], kinds["restricted-cone"] = kinds["ei-ei"], kinds["ei-ad"]
kinds["port-restricted-cone"] = kinds["ei-apd"]
for _, name in ipairs { "ad-ei", "ad-ad", "ad-apd", "apd-ei", "apd-ad", "apd-apd", "symmetric" } do
  kinds[name] = "Dependent Mapping"
end

local p

return {
  title  = "Debian's stun finds what the model declares",
  params = {
    server = { "ours", "coturn" },
    nat    = { "ei-ei", "ei-ad", "ei-apd", "ad-ei", "ad-ad", "ad-apd", "apd-ei", "apd-ad",
               "apd-apd", "full-cone", "restricted-cone", "port-restricted-cone", "symmetric" },
    as     = "declared",
  },
  twins  = {
    { set = { server = "ours", nat = "ei-apd", as = "ei-ad" }, fails = "Port Dependent Filter" },
    { set = { server = "coturn", nat = "apd-apd", as = "ei-apd" }, fails = "Dependent Mapping" },
  },

  world = function (params)
    p = params
    return {
      server = host { services = { "stun" } },
      home   = net { nat = p.nat, alice = host {} },
    }
  end,

  run = function (w)
    local server = w.server.address
    if p.server == "coturn" then
      server = server .. ":3578"                             -- ours has the usual one
      w.server:start { "turnserver", "-n", "-S", "-p", "3578",
        "-L", w.server.address, "-L", (w.server.address:gsub("2$", "3")),
        "--no-tls", "--no-dtls", "--no-cli", "--log-file=stdout", ready = "IO method (admin thread)" }
    end

    local found = w.alice:exec { "stun", server, within = "40s" }
    local want = kinds[p.as == "declared" and p.nat or p.as]
    expect(found.output:match("Primary: (" .. want .. ")") or found.output:match "Primary: [^\n]*"):is(want)
  end,
}
