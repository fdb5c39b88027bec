-- Two homes whose firewalls do as RFC 6092 says: no address is translated, and yet a stranger comes in no more than
-- through a NAT. Punching needs nothing but both speaking first.
return {
  title  = "Two IPv6 firewalls: punched, not direct",
  params = { a = { "ipv6-firewall", "ipv6-firewall-strict" }, b = { "ipv6-firewall", "ipv6-firewall-strict" } },

  world = function (p)
    return {
      server = host { services = { "rendezvous" } },
      home_a = net { nat6 = p.a, alice = host {} },
      home_b = net { nat6 = p.b, bob = host {} },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { attempt = "500ms" })
    call:talk { frames = 20, every = "20ms" }
    expect(call.method):is "punch"
    expect(call.family):is "ipv6"
    expect(call:worked "direct"):is(false)
    expect(w.bob):saw("udp and ip6 src host " .. w.alice.address6)
  end,

  twins = { { set = { b = "ipv6-router" }, fails = "expected punch, got direct" } },
}
