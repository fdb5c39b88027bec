-- Nobody outside can speak first to a host behind a NAT. So the caller has the rendezvous ask it to call back.
return {
  title  = "Reversal: the callee, behind a NAT, speaks first",
  params = { b = { "restricted-cone", "port-restricted-cone", "symmetric" } },

  world = function (p)
    return {
      server = host { services = { "rendezvous" } },
      alice  = host {},
      home   = net { nat = p.b, bob = host {} },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { via = w.server, try = { "direct", "reversal" }, attempt = "500ms" })
    call:talk { frames = 20, every = "20ms" }

    expect(call:worked "direct"):is(false)
    expect(call.method):is "reversal"
    expect(call.arrived):is_at_least(20)
  end,

  twins = { { set = { b = "udp-blocked" }, fails = "expected reversal, got none" } },
}
