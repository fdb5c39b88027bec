-- 1: there is no program "no-such-program"
return {
  title = "A program that is not there",
  world = function () return { alice = host {} } end,
  run   = function (w) w.alice:exec { "no-such-program" } end,
}
