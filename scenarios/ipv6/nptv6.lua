-- A prefix is translated (RFC 6296) and nothing filtered: whoever knows the outside address, which the
-- rendezvous has seen, may speak to the host behind it.
return {
  title  = "Prefix translation lets anybody in",
  params = { b = "nptv6" },

  world = function (p)
    return {
      server = host { services = { "rendezvous" } },
      home_a = net { nat6 = "ipv6-firewall", alice = host {} },
      home_b = net { nat6 = p.b, bob = host {} },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { attempt = "500ms" })
    call:talk { frames = 20, every = "20ms" }
    expect(call.method):is "direct"
    expect(call.family):is "ipv6"
    expect(w.home_b.wan):saw_nothing("net fd00::/8")
  end,

  twins = { { set = { b = "nat66" }, fails = "expected direct, got punch" } },
}
