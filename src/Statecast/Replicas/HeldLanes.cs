using Statecast.Consuming;
using Statecast.Contracts;

namespace Statecast.Replicas;

/// <summary>Which part of the keys an instance of a shared replica answers for: the lanes that it was given and has read to their tail since.</summary>
internal sealed class HeldLanes
{
    private readonly bool[] _given;
    private readonly bool[] _served;

    /// <param name="lanes">How many lanes the destination has; 0 while it is not known.</param>
    /// <param name="progress">What is open here.</param>
    /// <param name="rules">When a pass is complete.</param>
    public HeldLanes(int lanes, ReplicaProgress progress, ApplyRules rules)
    {
        (_given, _served) = (new bool[lanes], new bool[lanes]);
        foreach (var (lane, pass) in progress.Passes)
            if (lane.Number < lanes)
                (_given[lane.Number], _served[lane.Number]) = (true, rules.PassComplete(pass));
    }

    /// <summary>Whether the rows of a key's lane are shown.</summary>
    public bool Serves(string key) => _served.Length > 0 && _served[KeyText.Lane(key, _served.Length)];

    /// <summary>Refuses a key that this instance does not answer for.</summary>
    /// <exception cref="StateElsewhereException">It does not.</exception>
    public void Require(string replica, string key)
    {
        if (!Serves(key))
            throw new StateElsewhereException(replica, key, _given.Length > 0 && _given[KeyText.Lane(key, _given.Length)]);
    }
}
