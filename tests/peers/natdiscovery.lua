-- coturn's turnutils_natdiscovery (RFC 5780), behind each kind of NAT, asks our server and
-- coturn's: what it finds is what the model declares.
local kinds = {
  ["ei-ei"]   = { "Endpoint Independent", "Endpoint Independent" },
  ["ei-ad"]   = { "Endpoint Independent", "Address Dependent" },
  ["ei-apd"]  = { "Endpoint Independent", "Address and Port Dependent" },
  ["ad-ei"]   = { "Address Dependent", "Endpoint Independent" },
  ["ad-ad"]   = { "Address Dependent", "Address Dependent" },
  ["ad-apd"]  = { "Address Dependent", "Address and Port Dependent" },
  ["apd-ei"]  = { "Address and Port Dependent", "Endpoint Independent" },
  ["apd-ad"]  = { "Address and Port Dependent", "Address Dependent" },
  ["apd-apd"] = { "Address and Port Dependent", "Address and Port Dependent" },
}
kinds["full-cone"], kinds["restricted-cone"] = kinds["ei-ei"], kinds["ei-ad"]
kinds["port-restricted-cone"], kinds["symmetric"] = kinds["ei-apd"], kinds["apd-apd"]

local p

return {
  title  = "coturn's natdiscovery finds what the model declares",
  params = {
    server = { "ours", "coturn" },
    nat    = { "ei-ei", "ei-ad", "ei-apd", "ad-ei", "ad-ad", "ad-apd", "apd-ei", "apd-ad",
               "apd-apd", "full-cone", "restricted-cone", "port-restricted-cone", "symmetric" },
    as     = "declared",
  },
  twins  = {
    { set = { server = "ours", nat = "ei-apd", as = "ei-ad" },
      fails = "expected Address Dependent, got Address and Port Dependent" },
    { set = { server = "coturn", nat = "apd-apd", as = "ad-apd" },
      fails = "expected Address Dependent, got Address and Port Dependent" },
  },

  world = function (params)
    p = params
    return {
      server = host { services = { "stun" } },
      home   = net { nat = p.nat, alice = host {} },
    }
  end,

  run = function (w)
    local port = "3478"
    if p.server == "coturn" then
      port = "3578"                                          -- ours has the usual one
      w.server:start { "turnserver", "-n", "-S", "-p", port,
        "-L", w.server.address, "-L", (w.server.address:gsub("2$", "3")),
        "--no-tls", "--no-dtls", "--no-cli", "--log-file=stdout", ready = "IO method (admin thread)" }
    end

    local found = w.alice:exec { "turnutils_natdiscovery", "-m", "-f", "-p", port, w.server.address, within = "40s" }
    local mapping, filtering = table.unpack(kinds[p.as == "declared" and p.nat or p.as])
    if p.server == "ours" and mapping == "Address Dependent" then
      mapping = "Address and Port Dependent"                 -- its mistake: see mistaken.lua
    end
    expect(found.output:match "NAT with ([%a ]+) Mapping!"):is(mapping)
    expect(found.output:match "NAT with ([%a ]+) Filtering!"):is(filtering)
  end,
}
