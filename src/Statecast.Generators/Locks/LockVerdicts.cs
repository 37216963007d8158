using System.Runtime.CompilerServices;
using Statecast.Contracts.Locks;
using Statecast.Serialization.Compatibility;

namespace Statecast.Generators.Locks;

/// <summary>
/// How the newest lock of a major stands against those before it, judged once as long as their texts stay the same: nearly every contract is as its newest lock
/// has it, and an editor asks at every keystroke.
/// </summary>
internal static class LockVerdicts
{
    // By the newest lock's text, which lives as long as what was read of its file.
    private static readonly ConditionalWeakTable<string, Slot> Known = new();

    public static ContractChange Of(List<LockedSchemas> locked, CompatibilityMode mode)
    {
        var newest = locked[locked.Count - 1];
        var slot = Known.GetOrCreateValue(newest.AvroText);
        if (slot.Last is { } last && last.IsFor(locked, mode))
            return last.Change;
        var change = ContractChange.Judge(locked, newest, mode);
        slot.Last = new(locked, mode, change);
        return change;
    }

    private sealed class Slot
    {
        public volatile Verdict? Last;
    }

    private sealed class Verdict(List<LockedSchemas> locked, CompatibilityMode mode, ContractChange change)
    {
        // The texts alone: parsed schemas are large and not needed again.
        private readonly (string Avro, string? Json)[] _texts = [.. locked.Select(l => (l.AvroText, l.JsonText))];

        public ContractChange Change { get; } = change;

        public bool IsFor(List<LockedSchemas> others, CompatibilityMode otherMode)
        {
            if (otherMode != mode || others.Count != _texts.Length)
                return false;
            for (var i = 0; i < _texts.Length; i++)
                if (!ReferenceEquals(others[i].AvroText, _texts[i].Avro) || !ReferenceEquals(others[i].JsonText, _texts[i].Json))
                    return false;
            return true;
        }
    }
}
