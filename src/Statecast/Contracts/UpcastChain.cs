using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Statecast.Serialization;

namespace Statecast.Contracts;

/// <summary>The ways from a contract's older majors to it. Worked out and checked once, at start.</summary>
internal sealed class UpcastChain<TState>
    where TState : class
{
    private readonly StateContract<TState> _contract;
    private readonly Dictionary<int, Step> _steps;

    private UpcastChain(StateContract<TState> contract, Dictionary<int, Step> steps) => (_contract, _steps) = (contract, steps);

    /// <summary>The older majors whose states can be read, newest first.</summary>
    public IEnumerable<int> Majors => _steps.Keys.OrderDescending();

    /// <summary>The chain of a contract.</summary>
    /// <exception cref="InvalidOperationException">The upcasters make a circle.</exception>
    public static UpcastChain<TState> Of(StateContract<TState> contract)
    {
        var steps = new Dictionary<int, Step>();
        // The shortest way wins: a record's own upcaster from a major, else through the newest older record that has a way.
        foreach (var upcaster in contract.Upcasters)
            steps[upcaster.From.Major] = new(upcaster.From, upcaster);
        foreach (var upcaster in contract.Upcasters.OrderByDescending(u => u.From.Major))
        {
            var olders = new Dictionary<int, StateContract>();
            upcaster.Reach(olders, [contract]);
            foreach (var (major, older) in olders)
                steps.TryAdd(major, new(older, upcaster));
        }
        return new(contract, steps);
    }

    /// <summary>The older contract of a major.</summary>
    /// <exception cref="InvalidOperationException">No upcasters lead here from there.</exception>
    public StateContract Require(int major)
    {
        if (major == _contract.Major)
            return _contract;
        if (!_steps.TryGetValue(major, out var step))
            throw new InvalidOperationException(
                $"States of {_contract.Name} version {major} cannot be read as {_contract.StateType.Name}, which is version {_contract.Major}: {Gap(major)}"
            );
        return step.From;
    }

    /// <summary>Whether states of that major can be read.</summary>
    public bool Reads(int major) => _steps.ContainsKey(major);

    /// <summary>Reads a body of an older major.</summary>
    /// <exception cref="StateFormatException">It cannot be read, or an upcaster threw.</exception>
    public TState Decode(int major, IStateCodec codec, Fingerprint schema, ReadOnlyMemory<byte> body) =>
        _steps.TryGetValue(major, out var step)
            ? step.Upcaster.Decode(major, codec, schema, body)
            : throw new StateFormatException("$", -1, $"it is a state of version {major} of {_contract.Name}, and {Gap(major)}");

    /// <summary>Upcasts an object of an older record; null if it is of none.</summary>
    /// <exception cref="StateFormatException">An upcaster threw.</exception>
    public TState? Upcast(object state)
    {
        // By the way that a body of that major takes: else an object would become another state.
        foreach (var step in _steps.Values)
            if (step.From.StateType == state.GetType())
                return step.Upcaster.Upcast(state);
        return null;
    }

    /// <summary>Adds a contract's own major and all that lead to it.</summary>
    internal static void Reach(StateContract<TState> contract, IDictionary<int, StateContract> olders, IReadOnlyList<StateContract> newer)
    {
        IReadOnlyList<StateContract> way = [.. newer, contract];
        if (newer.Any(c => c.StateType == contract.StateType))
            throw new InvalidOperationException(
                $"The upcasters of {contract.Name} make a circle: {string.Join(" from ", way.Select(c => c.StateType.Name))}. Let each take an older version."
            );
        olders.TryAdd(contract.Major, contract);
        foreach (var upcaster in contract.Upcasters)
            upcaster.Reach(olders, way);
    }

    /// <summary>Why states of a major that is not read cannot be, and the method to add.</summary>
    public string Gap(int major)
    {
        // No state is made an older one.
        if (major > _contract.Major)
            return $"the version is newer. Read it with the record of version {major}, or leave it to a target that has that record.";
        var known = _steps.Keys.Order().ToList();
        var nearest = known.Find(m => m > major);
        var newer = nearest == 0 ? _contract.StateType.Name : $"the record of version {nearest}";
        var read = known.Count == 0 ? "none" : string.Join(", ", known.Select(m => m.ToString(CultureInfo.InvariantCulture)));
        return $"no upcaster leads from there (older versions that are read: {read}). Add 'public static … Upcast(… old)', which takes the record of version {major}, to {newer}.";
    }

    private readonly record struct Step(StateContract From, Upcaster<TState> Upcaster);
}
