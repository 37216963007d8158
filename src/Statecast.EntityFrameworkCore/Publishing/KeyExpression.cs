using System.Linq.Expressions;

namespace Statecast.EntityFrameworkCore.Publishing;

/// <summary>Reads which properties of a root make the contract's key.</summary>
internal static class KeyExpression
{
    /// <summary>The properties of <c>o => o.Id</c> or <c>o => new K(o.A, o.B)</c>, in order.</summary>
    public static IReadOnlyList<string> Properties(LambdaExpression key) =>
        key.Body is NewExpression { Arguments.Count: > 0 } made
            ? [.. made.Arguments.Select(a => Property(a, key))]
            : [Property(key.Body, key)];

    private static string Property(Expression part, LambdaExpression key)
    {
        // The conversion of a typed id (o.Id.Value) is found by type; here only the property counts.
        for (var at = part; ; )
            switch (at)
            {
                case UnaryExpression { NodeType: ExpressionType.Convert } convert:
                    at = convert.Operand;
                    break;
                case MemberExpression { Expression: ParameterExpression owner } member when owner == key.Parameters[0]:
                    return member.Member.Name;
                case MemberExpression { Expression: { } inner }:
                    at = inner;
                    break;
                default:
                    throw new ArgumentException(
                        $"'{key}' does not say which primary key property is which part of the key. Write o => o.Id or o => new OrderState.Key(o.TenantId, o.Id).",
                        nameof(key)
                    );
            }
    }
}
