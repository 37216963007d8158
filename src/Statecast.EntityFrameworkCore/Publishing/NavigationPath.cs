using System.Linq.Expressions;

namespace Statecast.EntityFrameworkCore.Publishing;

/// <summary>A path of navigations below a root: <c>Lines</c>, <c>Lines.Notes</c>.</summary>
internal static class NavigationPath
{
    /// <summary>Reads <c>o => o.Lines</c>, <c>o => o.Address.Country</c> or <c>o => o.Lines.Select(l => l.Notes)</c>.</summary>
    public static string Of(LambdaExpression expression) =>
        TryRead(expression.Body, expression.Parameters[0])
        ?? throw new ArgumentException(
            $"'{expression}' is no path of navigations. Write o => o.Lines, o => o.Lines.Select(l => l.Notes), or the text \"Lines.Notes\".",
            nameof(expression)
        );

    private static string? TryRead(Expression expression, ParameterExpression root) =>
        expression switch
        {
            UnaryExpression { NodeType: ExpressionType.Convert } convert => TryRead(convert.Operand, root),
            MemberExpression { Expression: ParameterExpression owner } member when owner == root => member.Member.Name,
            MemberExpression { Expression: { } owner } member => Join(TryRead(owner, root), member.Member.Name),
            MethodCallExpression { Method.Name: nameof(Enumerable.Select), Arguments: [var source, LambdaExpression inner] } => Join(
                TryRead(source, root),
                TryRead(inner.Body, inner.Parameters[0])
            ),
            _ => null,
        };

    private static string? Join(string? head, string? tail) => head is null || tail is null ? null : $"{head}.{tail}";
}
