-- Two callers with public addresses: nothing stands between them, so the caller just speaks.
return {
  title  = "Both public: direct UDP",
  claims = { "SKB-07", "SKA-02" },
  params = { b = "no-nat" },

  world = function (p)
    return {
      supernode = host { services = { "rendezvous" } },
      alice     = host {},
      net_b     = net { nat = p.b, bob = host {} },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { via = w.supernode, attempt = "500ms" })
    call:talk { frames = 25, every = "20ms" }

    expect(call.method):is "direct"
    expect(call.arrived):is_at_least(25)
    expect(w.bob):saw("udp and src host " .. w.alice.address)
  end,

  twins = { { set = { b = "symmetric" }, fails = "expected direct, got reversal" } },
}
