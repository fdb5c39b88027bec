-- Two hosts at one home that also tell each other their own addresses, as ICE does: the router plays no part.
return {
  title  = "Behind the same NAT, by each other's own addresses",
  params = { host_addresses = true },

  world = function ()
    return {
      server = host { services = { "rendezvous" } },
      home   = net {
        nat   = { base = "port-restricted-cone", hairpin = "none" },
        alice = host {},
        bob   = host {},
      },
    }
  end,

  run = function (w, p)
    local call = connect(w.alice, w.bob,
      { via = w.server, try = { "direct" }, host_addresses = p.host_addresses, attempt = "500ms" })
    call:talk { frames = 20, every = "20ms" }

    expect(call.method):is "direct"
    expect(w.bob):saw("udp and src host " .. w.alice.address)
    expect(w.home.lan):saw_nothing("udp[8:4] = 0x564f4943") -- VOIC
  end,

  twins = { { set = { host_addresses = false }, fails = "expected direct, got none" } },
}
