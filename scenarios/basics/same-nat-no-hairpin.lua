-- Two hosts at one home whose NAT does not hairpin: a metre apart, they talk by way of the server.
return {
  title  = "Behind the same NAT, without hairpinning",
  params = { hairpin = "none" },

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
    local call = connect(w.alice, w.bob, { via = w.server, attempt = "400ms" })
    call:talk { frames = 20, every = "20ms" }

    expect(call.method):is "relay"
    expect(call.arrived):is_at_least(20)
  end,

  twins = { { set = { hairpin = "external-source" }, fails = "expected relay, got punch" } },
}
