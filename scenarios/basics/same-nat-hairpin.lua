-- Two hosts at one home that know only each other's outside endpoint: their packets turn round in their own NAT.
return {
  title  = "Behind the same NAT, with hairpinning",
  params = { hairpin = "external-source" },

  world = function (p)
    return {
      server = host { services = { "rendezvous" } },
      home   = net {
        nat   = { base = "port-restricted-cone", hairpin = p.hairpin },
        alice = host {},
        bob   = host {},
      },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { via = w.server, try = { "punch" }, attempt = "500ms" })
    call:talk { frames = 20, every = "20ms" }

    expect(call.method):is "punch"
    expect(w.bob):saw("udp and src host " .. w.home.address)
    expect(w.home.wan):saw_nothing("udp[8:4] = 0x564f4943") -- VOIC
  end,

  twins = { { set = { hairpin = "none" }, fails = "expected punch, got none" } },
}
