-- Behind an ISA-like proxy each destination sees another port, so nobody can be told beforehand which one to send to.
return {
  title  = "Behind an ISA-like proxy's NAT a call is relayed",
  claims = { "SKA-08", "SKA-09" },
  params = { nat = "isa-proxy" },

  world = function (p)
    return {
      supernode = host { services = { "rendezvous" } },
      office    = net { nat = p.nat, alice = host {} },
      home      = net { nat = "port-restricted-cone", bob = host {} },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { via = w.supernode, attempt = "400ms" })
    call:talk { frames = 25, every = "20ms" }
    expect(call.method):is "relay"
    expect(call.arrived):is_at_least(25)
  end,

  twins = { { set = { nat = "linksys-befsr41" }, fails = "expected relay, got punch" } },
}
