-- The lab's DNS: each host is known by its name, as the world sees it; behind a NAT64 it leads through that.
return {
  title  = "Hosts are found by name, from wherever they are asked for",
  params = { nat6 = "nat64" },

  world = function (p)
    return {
      server = host { services = { "dns", "echo" } },
      home   = net { nat = "port-restricted-cone", alice = host {} },
      mobile = net { nat6 = p.nat6, bob = host {} },
      old    = host { address6 = "2b00:1:9::2" },
    }
  end,

  run = function (w)
    -- From behind a NAT, and back.
    expect(w.alice:resolve("server")[1]):is(w.server.address)
    expect(w.alice:resolve("alice.home.lab")[1]):is(w.home.address)
    expect(w.alice:resolve(w.server.address)[1]):is "server.lab"
    expect(select(2, w.alice:resolve "nobody")):is "no such name"
    expect(select(2, w.alice:resolve("alice", { type = "AAAA" }))):is "no record of that type"
    expect(w.alice:resolve("server", { tcp = true }).transport):is "tcp"

    -- A host that has IPv6 alone gets an address that its NAT64 takes to IPv4.
    local home = w.bob:resolve "home"
    expect(home and home[1]):is "64:ff9b::b02:102"
    expect(w.bob:resolve("server")[1]):is(w.server.address6)
    expect(select(2, w.alice:resolve("home", { type = "AAAA" }))):is "no record of that type"
  end,

  twins = { { set = { nat6 = "ipv6-firewall" }, fails = "expected 64:ff9b::b02:102, got nil" } },
}
