using Statecast.Contracts;

namespace MediatorNotifications;

[StateContract("home.lamp")]
public sealed partial record LampState([StateKey] string Name, bool IsLit);
