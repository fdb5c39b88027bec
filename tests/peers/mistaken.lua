-- Where the tools are wrong themselves.  With a server that is half there, neither asks who answered,
-- or says that it could not tell: a symmetric NAT, or a port-restricted one, passes for something better.
local mistakes = {
  ["stun takes a server that ignores CHANGE-REQUEST for an independent filter"] =
    { tool = "stun", nat = "port-restricted-cone", addresses = 1, says = "Independent Mapping, Independent Filter" },
  ["stun takes an alternate address that is silent for independent mapping"] =
    { tool = "stun", nat = "symmetric", lost = true, says = "Independent Mapping, Port Dependent Filter" },
  ["natdiscovery takes an alternate address that is silent for independent mapping"] =
    { tool = "natdiscovery", nat = "symmetric", lost = true, says = "NAT with Endpoint Independent Mapping!" },
  -- Its third test goes to the OTHER-ADDRESS of the second response, which is the first address
  -- again (RFC 5780, 7.4); coturn's server always tells the same one.
  ["natdiscovery takes address-dependent mapping for address-and-port-dependent"] =
    { tool = "natdiscovery", nat = "ad-ei", ours = true, says = "NAT with Address and Port Dependent Mapping!" },
  ["natdiscovery sees a NAT where there is none"] =
    { tool = "natdiscovery", nat = "no-nat", says = "NAT with Endpoint Independent Mapping!" },
}

local names = {}
for name in pairs(mistakes) do
  names[#names + 1] = name
end
table.sort(names)

local p, mistake

return {
  title  = "What coturn's natdiscovery and Debian's stun get wrong",
  params = { mistake = names },

  world = function (params)
    p = params
    mistake = mistakes[p.mistake]
    return {
      server = host { services = { "stun" } },
      home   = net { nat = mistake.nat, alice = host {} },
    }
  end,

  run = function (w)
    local second = w.server.address:gsub("2$", "3")
    local turnserver = { "turnserver", "-n", "-S", "-p", "3578", "-L", w.server.address,
      "--no-tls", "--no-dtls", "--no-cli", "--log-file=stdout", ready = "IO method (admin thread)" }
    if mistake.addresses ~= 1 then
      table.insert(turnserver, "-L")
      table.insert(turnserver, second)
    end
    w.server:start(turnserver)
    if mistake.lost then
      local gone = w.server:exec { "ip", "address", "flush", "dev", "eth0", "to", second }
      expect(gone.output):is ""
    end

    local port = mistake.ours and "3478" or "3578"
    local ask = mistake.tool == "stun" and { "stun", w.server.address .. ":" .. port }
      or { "turnutils_natdiscovery", "-m", "-f", "-p", port, w.server.address }
    ask.within = "40s"
    expect(w.alice:exec(ask).output:find(mistake.says, 1, true) ~= nil):is(true)
  end,
}
